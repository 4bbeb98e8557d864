use super::*;
use proptest::prelude::*;

fn agent() -> ToolRules {
    ToolRules {
        commands: vec!["/add".into(), "/ask".into()],
        command_prefixes: vec!["/".into(), "!".into()],
        prose: vec!["/ask".into()],
        quote: Quote::None,
        command_quote: Quote::Double,
    }
}

fn shell() -> ToolRules {
    ToolRules { quote: Quote::Shell, ..ToolRules::default() }
}

fn parse(text: &str, rules: &ToolRules) -> Result<Template, TemplateError> {
    Template::parse(text, &["diff"], &Reading { rules, item: Some("{}"), allow_commands: false })
}

fn render(text: &str, item: &str, rules: &ToolRules) -> Result<Step, CannotRender> {
    let vars = [("diff".to_owned(), "D {} D".to_owned())];
    parse(text, rules).unwrap().render(&Values { item: Some(item), number: 7, vars: &vars }, rules)
}

#[test]
fn holes() {
    let table = [
        ("", ""),
        ("{}", "x/a.py"),
        ("see {} and {}", "see x/a.py and x/a.py"),
        ("{/}|{//}|{.}|{/.}|{#}", "a.py|x|x/a|a|7"),
        ("{diff}{:raw}", "D {} Dx/a.py"),
        ("{x} { } {0} {{} {{}} {", "{x} { } {0} {x/a.py {x/a.py} {"),
        ("{diffs} {Diff} {diff", "{diffs} {Diff} {diff"),
        ("}{ {:} {raw} ü{}ü", "}{ {:} {raw} üx/a.pyü"),
    ];
    for (template, text) in table {
        assert_eq!(render(template, "x/a.py", &agent()), Ok(Step::Say(text.into())), "{template}");
    }
}

#[test]
fn text_from_an_item_is_never_a_template() {
    let step = render("a {} b", "{#}{diff}{}", &agent());
    assert_eq!(step, Ok(Step::Say("a {#}{diff}{} b".into())));
}

#[test]
fn the_token_can_be_another() {
    let rules = agent();
    let reading = Reading { rules: &rules, item: Some("@@"), allow_commands: false };
    let template = Template::parse("fn f() {} @@ {/} {:raw}", &[], &reading).unwrap();
    let values = Values { item: Some("x/y"), ..Values::default() };
    assert_eq!(template.render(&values, &rules), Ok(Step::Say("fn f() {} x/y y x/y".into())));
    let empty = Template::parse("", &[], &Reading { item: Some(""), ..reading });
    assert_eq!(empty, Err(TemplateError::EmptyToken));
}

#[test]
fn without_items_their_holes_are_text() {
    let rules = shell();
    let reading = Reading { rules: &rules, item: None, allow_commands: false };
    let template = Template::parse("{} {/} {.} {:raw} {#}", &[], &reading).unwrap();
    let step = template.render(&Values { number: 3, ..Values::default() }, &rules);
    assert_eq!(step, Ok(Step::Say("{} {/} {.} {:raw} 3".into())));
}

#[test]
fn only_the_literal_beginning_makes_a_command() {
    let command = |line: &str| Ok(Step::Command(line.to_owned()));
    let say = |text: &str| Ok(Step::Say(text.to_owned()));
    let rules = agent();
    assert_eq!(render("/add {}", "a b.py", &rules), command("/add \"a b.py\""));
    assert_eq!(render("/add {:raw}", "a b.py", &rules), command("/add a b.py"));
    assert_eq!(render("/ask why {}?", "a \"b\" c", &rules), command("/ask why a \"b\" c?"));
    assert_eq!(render("{}", "/add x", &rules), say("/add x"));
    assert_eq!(render("{}", "/exit", &rules), say("/exit"));
    assert_eq!(render("{diff} /add {}", "!ls", &rules), say("D {} D /add !ls"));
    assert_eq!(render("please /add {}", "x", &rules), say("please /add x"));
    assert_eq!(render(" /add {}", "x", &rules), say(" /add x"));
    assert_eq!(
        Template::item().render(&Values { item: Some("/exit"), ..Values::default() }, &rules),
        say("/exit")
    );
}

#[test]
fn other_commands_stop_the_run_unless_allowed() {
    for (text, word) in [
        ("/exit", "/exit"),
        ("/run ls", "/run"),
        ("!ls {}", "!ls"),
        ("/ad {}", "/ad"),
        ("/add{}", "/add…"),
        ("/added {}", "/added"),
        ("/\nx", "/"),
    ] {
        let error = parse(text, &agent()).unwrap_err();
        assert!(matches!(&error, TemplateError::UnknownCommand { word: w, .. } if w == word), "{error}");
        let rules = agent();
        let reading = Reading { rules: &rules, item: Some("{}"), allow_commands: true };
        match Template::parse(text, &[], &reading) {
            Ok(template) => assert!(template.is_command(), "{text}"),
            Err(error) => assert!(matches!(error, TemplateError::CommandWithLines { .. }), "{text}"),
        }
    }
    assert!(parse("/exit", &shell()).is_ok(), "a tool without commands has no forbidden ones");
}

#[test]
fn prose_after_a_command_is_no_command() {
    let rules = agent();
    for template in ["/ask {}", "/ask {:raw}", "/ask  {}{diff}"] {
        for item in ["!touch x", "/exit", " /exit", "\u{1c}!ls", "\u{a0}/exit"] {
            let error = render(template, item, &rules).unwrap_err();
            assert!(matches!(error, CannotRender::CommandInside { .. }), "{template} {item:?}: {error}");
        }
    }
    for item in ["", " ", "\t"] {
        assert_eq!(render("/ask {}", item, &rules), Err(CannotRender::NoProse { command: "/ask".into() }));
        assert_eq!(render("/ask so {}", item, &rules), Ok(Step::Command(format!("/ask so {item}"))));
    }
    assert_eq!(render("/ask is {}", "/exit", &rules), Ok(Step::Command("/ask is /exit".into())));
    for text in ["/ask", "/ask ", "/ask !ls", "/ask /exit {}"] {
        let read = |allow_commands| {
            let reading = Reading { rules: &rules, item: Some("{}"), allow_commands };
            Template::parse(text, &[], &reading)
        };
        assert!(read(false).is_err(), "{text}");
        let values = Values { item: Some("x"), ..Values::default() };
        assert!(read(true).unwrap().render(&values, &rules).is_ok(), "{text}");
    }
}

#[test]
fn a_quoted_word_is_quoted_as_a_whole() {
    let table = [
        ("/add {}", "/add \"a b.py\""),
        ("/add src/{} {.}.h\tx", "/add \"src/a b.py\" \"a b.h\"\tx"),
        ("/add {}{}", "/add \"a b.pya b.py\""),
        ("/add \"src/{}\" y", "/add \"src/a b.py\" y"),
        ("/add {#}-{} {#}", "/add \"7-a b.py\" 7"),
        ("/add {:raw} x", "/add a b.py x"),
    ];
    for (template, line) in table {
        assert_eq!(render(template, "a b.py", &agent()), Ok(Step::Command(line.into())), "{template}");
    }
    for item in ["", " ", "\u{3000}"] {
        let error = render("/add src/{}", item, &agent()).unwrap_err();
        assert_eq!(error, CannotRender::Quote { what: "the item".into(), reason: CannotQuote::Blank });
    }
}

#[test]
fn a_command_is_one_line() {
    let error = parse("/add a\nb", &agent()).unwrap_err();
    assert_eq!(error, TemplateError::CommandWithLines { template: "/add a…".into() });
    for item in ["a\n/exit", "a\r/exit", "\n"] {
        for template in ["/add {}", "/add {:raw}"] {
            let error = render(template, item, &agent()).unwrap_err();
            assert_eq!(error, CannotRender::LineEnd { what: "the item".into(), command: "/add".into() });
        }
    }
}

#[test]
fn text_inside_code_is_quoted() {
    let say = |text: &str| Ok(Step::Say(text.to_owned()));
    assert_eq!(render("wc -l < {}", "a b; rm x", &shell()), say("wc -l < 'a b; rm x'"));
    assert_eq!(render("wc -l < {:raw}", "a b; rm x", &shell()), say("wc -l < a b; rm x"));
    assert_eq!(render("echo {/} {#}", "x/a b", &shell()), say("echo 'a b' 7"));
    assert_eq!(render("echo {}", "", &shell()), say("echo ''"));
    assert_eq!(render("{}", "ls; pwd", &shell()), say("ls; pwd"));
    assert_eq!(render("{diff}", "", &shell()), say("D {} D"));
    let error = render("echo {}", "a\0b", &shell()).unwrap_err();
    assert_eq!(error, CannotRender::Quote { what: "the item".into(), reason: CannotQuote::Nul });
    let error = render("/add {}", "a\"b", &agent()).unwrap_err();
    assert_eq!(error, CannotRender::Quote { what: "the item".into(), reason: CannotQuote::DoubleQuote });
}

proptest! {
    #[test]
    fn a_shell_reads_back_the_item(item in "[^\0]*") {
        let Ok(Step::Say(line)) = render("cat -- {}", &item, &shell()) else { panic!() };
        prop_assert_eq!(shlex::split(&line), Some(vec!["cat".into(), "--".into(), item]));
    }

    #[test]
    fn an_item_alone_arrives_unharmed(item in any::<String>()) {
        prop_assert_eq!(render("{}", &item, &agent()), Ok(Step::Say(item.clone())));
        prop_assert_eq!(render("{}", &item, &shell()), Ok(Step::Say(item)));
    }

    #[test]
    fn any_text_parses_and_text_without_holes_is_kept(text in "[a-z{}#/. ]*") {
        let rules = shell();
        let reading = Reading { rules: &rules, item: None, allow_commands: false };
        let template = Template::parse(&text, &[], &reading).unwrap();
        let Ok(Step::Say(out)) = template.render(&Values { number: 5, ..Values::default() }, &rules) else { panic!() };
        prop_assert_eq!(out, text.replace("{#}", "5"));
    }
}
