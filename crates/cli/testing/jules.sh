#!/bin/sh
# Plays `jules` as its documentation shows it: `new`, `remote list --session`, `remote pull --session ID`, `version`.
# Its sessions are files in the folder JULES_SERVICE: how many looks each still takes, and what was asked. A prompt may say
# `looks=N`, `fails` or `asks`.
set -eu
cd "$JULES_SERVICE"
echo "$*" >> calls

case "${1-} ${2-}" in
"new "*)
    prompt=$(cat)
    [ -n "$prompt" ] || { echo "Error: a session needs a prompt" >&2; exit 1; }
    case "$prompt" in *"no repository"*) echo "Error: No --repo flag, and this folder has no repository" >&2; exit 1 ;; esac
    # Two may come at once.
    id=100001
    until mkdir "session-$id" 2>/dev/null; do id=$((id + 1)); done
    looks=$(printf '%s' "$prompt" | sed -n 's/.*looks=\([0-9]*\).*/\1/p')
    printf '%s' "${looks:-1}" > "session-$id/looks"
    printf '%s' "$prompt" > "session-$id/prompt"
    printf 'Session is created.\nID: %s\nURL: https://jules.google.com/session/%s\n' "$id" "$id"
    ;;
"remote list")
    echo "  ID      Description              Repo          Last active  Status"
    for session in session-*; do
        [ -d "$session" ] || continue
        looks=$(cat "$session/looks")
        prompt=$(head -c 20 "$session/prompt" | tr '\n' ' ')
        state=Completed
        case "$prompt" in *fails*) state=Failed ;; esac
        if [ "$looks" -gt 0 ]; then
            state="In Progress"
            case "$prompt" in *asks*) state="Awaiting User F" ;; esac
            echo $((looks - 1)) > "$session/looks.new"
            mv "$session/looks.new" "$session/looks"
        fi
        printf '  %s  %-20s     owner/name    2m ago       %s\n' "${session#session-}" "$prompt" "$state"
    done
    ;;
"remote pull")
    [ "${3-}" = --session ] && [ -d "session-$4" ] || { echo "Error: HTTP 400" >&2; exit 1; }
    printf 'diff --git a/answer b/answer\n+%s\n' "$(cat "session-$4/prompt")"
    ;;
"version "*) echo "Version: v0.1.42" ;;
*) echo "Error: unknown command" >&2; exit 1 ;;
esac
