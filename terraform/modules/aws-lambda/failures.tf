# Failures of single servers: they fail no invocation and bring no message again, but the functions' logs tell of each. Here
# those lines become a metric for each function, on which there is an alarm.

locals {
  failure_namespace = "pgquerylens/functions"

  # The words are the program's own.
  failure_of_a_poll  = "{ ($.message = \"poll failed\") || ($.message = \"delivery in trouble\") }"
  failure_of_a_look  = "{ ($.message = \"not looked\") || ($.message = \"not sent\") }"
  failure_is_counted = var.log_format != "text"
}

resource "aws_cloudwatch_log_metric_filter" "failures" {
  for_each = local.failure_is_counted ? local.names : {}

  name           = "${each.value}-failures"
  log_group_name = aws_cloudwatch_log_group.function[each.key].name
  pattern        = each.key == "dispatcher" ? local.failure_of_a_look : local.failure_of_a_poll

  # Without a default it costs nothing while nothing fails.
  metric_transformation {
    namespace = local.failure_namespace
    name      = "${each.value}-failures"
    value     = "1"
  }
}
