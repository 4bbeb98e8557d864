puts [expr {6 * 7}]
puts "hello"
