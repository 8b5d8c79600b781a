# The module beside things that are not there yet.

mock_provider "aws" {}

run "what_is_made_in_the_same_run_need_not_be_known_when_it_is_planned" {
  command = plan

  module {
    source = "./tests/together"
  }
}
