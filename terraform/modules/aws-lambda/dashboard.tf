# One page: whether servers are polled, how long it takes, what waits and what was given up.

locals {
  widgets = concat(
    [{ title = "Invocations, errors, throttles", stat = "Sum", metrics = flatten([
      for role in keys(local.names) : [for metric in ["Invocations", "Errors", "Throttles"] : { namespace = "AWS/Lambda", metric = metric, dimension = "FunctionName", value = local.names[role] }]
    ]) }],
    [for stat in ["p50", "p99"] : { title = "Duration, ${stat}", stat = stat, metrics = [
      for role in keys(local.names) : { namespace = "AWS/Lambda", metric = "Duration", dimension = "FunctionName", value = local.names[role] }
    ] }],
    [{ title = "Running at the same time", stat = "Maximum", metrics = [
      for role in keys(local.names) : { namespace = "AWS/Lambda", metric = "ConcurrentExecutions", dimension = "FunctionName", value = local.names[role] }
    ] }],
    [for widget in [{ title = "Servers not polled, found not delivered, accounts not searched", stat = "Sum", metrics = [
      for role, filter in aws_cloudwatch_log_metric_filter.failures : { namespace = local.failure_namespace, metric = filter.name, dimension = null, value = null }
    ] }] : widget if local.failure_is_counted],
    [{ title = "Given up", stat = "Maximum", metrics = [
      { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimension = "QueueName", value = aws_sqs_queue.dead_letter.name }
    ] }],
    [for title, metric in local.is_fleet ? { "Servers that wait" = "ApproximateNumberOfMessagesVisible", "Longest wait, seconds" = "ApproximateAgeOfOldestMessage" } : {} : {
      title                                                      = title, stat = "Maximum", metrics = [{ namespace = "AWS/SQS", metric = metric, dimension = "QueueName", value = aws_sqs_queue.servers[0].name }]
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = "${var.name}-${local.region}"
  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = 12 * (index % 2)
      y      = 6 * floor(index / 2)
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = local.region
        view    = "timeSeries"
        stat    = widget.stat
        period  = 60
        metrics = [for metric in widget.metrics : [for word in [metric.namespace, metric.metric, metric.dimension, metric.value] : word if word != null]]
      }
    }]
  })
}
