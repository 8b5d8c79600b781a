# What somebody must hear of: polls that fail, that are refused, that come late, that do not come at all.

locals {
  # One failed poll is made up for by the next: failures in two of three periods count, and a period holds at least one
  # invocation. CloudWatch looks back a day at most.
  failure_period = 60 * min(max(5, coalesce(local.interval_minutes, 1), ceil(var.alarm_silence_minutes / 2)), 480)

  failing = {
    statistic  = "Sum"
    threshold  = 0
    period     = local.failure_period
    periods    = 3
    datapoints = 2
    comparison = "GreaterThanThreshold"
    missing    = "notBreaching"
  }

  function_alarms = { for pair in setproduct(keys(local.names), ["Errors", "Throttles"]) : "${pair[0]}-${lower(pair[1])}" => merge(local.failing, {
    namespace   = "AWS/Lambda"
    metric      = pair[1]
    dimensions  = { FunctionName = local.names[pair[0]] }
    description = pair[1] == "Errors" ? "Invocations of the ${pair[0]} fail: its log group says why." : "Invocations of the ${pair[0]} are refused: the concurrency of the function or of the account is used up."
  }) }

  log_alarms = { for role, filter in aws_cloudwatch_log_metric_filter.failures : "${role}-failures" => merge(local.failing, {
    namespace   = local.failure_namespace
    metric      = filter.name
    dimensions  = {}
    description = role == "dispatcher" ? "An account or region is not searched, or servers are not queued: the dispatcher's log group says which, and why." : "Servers are not polled, or what was found of them is not delivered: the log group of the ${role} says which, and why."
  }) }

  other_alarms = {
    dead-letter = {
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead_letter.name }
      statistic   = "Maximum"
      threshold   = 0
      period      = 60
      periods     = 1
      datapoints  = 1
      comparison  = "GreaterThanThreshold"
      missing     = "notBreaching"
      description = "Something was given up: the messages in the dead-letter queue say what. The alarm ends when the queue is purged."
    }
    silence = {
      namespace   = "AWS/Lambda"
      metric      = "Invocations"
      dimensions  = { FunctionName = local.names[local.invoked] }
      statistic   = "Sum"
      threshold   = 1
      period      = 60 * var.alarm_silence_minutes
      periods     = 1
      datapoints  = 1
      comparison  = "LessThanThreshold"
      missing     = "breaching"
      description = "Nothing was invoked for ${var.alarm_silence_minutes} minutes: the schedule is off, or its role may not invoke the function."
    }
  }

  fleet_alarms = { for name in local.is_fleet ? ["lag"] : [] : name => {
    namespace   = "AWS/SQS"
    metric      = "ApproximateAgeOfOldestMessage"
    dimensions  = { QueueName = aws_sqs_queue.servers[0].name }
    statistic   = "Maximum"
    threshold   = var.alarm_lag_seconds
    period      = 60
    periods     = 5
    datapoints  = 3
    comparison  = "GreaterThanThreshold"
    missing     = "notBreaching"
    description = "Servers wait longer than ${var.alarm_lag_seconds} s to be polled: raise maximum_concurrency, or poll less often."
  } }

  all_alarms = var.alarms ? merge(local.function_alarms, local.log_alarms, local.other_alarms, local.fleet_alarms) : {}
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.all_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  threshold           = each.value.threshold
  comparison_operator = each.value.comparison
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_action_arns
  ok_actions          = var.alarm_action_arns
  actions_enabled     = each.key != "silence" || var.schedule_enabled
  tags                = var.tags
}
