# The schedule: it invokes the one function with its targets, or the dispatcher with nothing.

resource "aws_scheduler_schedule_group" "this" {
  name = var.name
  tags = var.tags
}

resource "aws_scheduler_schedule" "this" {
  name                         = var.name
  description                  = local.is_fleet ? "Has the servers of the fleet polled." : "Has the targets polled."
  group_name                   = aws_scheduler_schedule_group.this.name
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.schedule_timezone
  state                        = var.schedule_enabled ? "ENABLED" : "DISABLED"
  kms_key_arn                  = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this[local.invoked].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = local.is_fleet ? "{}" : jsonencode({ targets = local.targets })

    # An invocation that comes later than the next one is worth nothing.
    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 2
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letter.arn
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

locals {
  # What a rate says in minutes; null for cron(…).
  interval_minutes = try(parseint(regex("^rate\\(([0-9]+) ", var.schedule)[0], 10) * { minute = 1, hour = 60, day = 1440 }[regex("minute|hour|day", var.schedule)], null)

  # The keys of the configuration file have hyphens.
  targets = [for target in var.targets : { for key, value in target : replace(key, "_", "-") => value if value != null }]
}
