command_test() { fail "not yet"; }
