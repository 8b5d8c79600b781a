# What others need to know: to let the functions in, to look at them, to send alarms on.

output "function_names" {
  description = "The names of the functions, by what they do: poller, or dispatcher and worker."
  value       = { for role, function in aws_lambda_function.this : role => function.function_name }
}

output "function_arns" {
  description = "The ARNs of the functions, by what they do."
  value       = { for role, function in aws_lambda_function.this : role => function.arn }
}

output "role_arns" {
  description = "The ARNs of the functions' roles, by what they do. Roles of other accounts that discovery names let these in."
  value       = { for role, identity in aws_iam_role.function : role => identity.arn }
}

output "connect_arns" {
  description = "What may be logged in to by IAM: the resources of rds-db:connect."
  value       = local.connect_arns
}

output "state_url" {
  description = "Where the states are, as pgquerylens state, stop and resume want it."
  value       = local.state_url
}

output "state_bucket" {
  description = "The name of the bucket with the states."
  value       = local.state_bucket
}

output "queue_url" {
  description = "The URL of the queue between dispatcher and worker; null in the direct shape."
  value       = one(aws_sqs_queue.servers[*].url)
}

output "dead_letter_queue_url" {
  description = "The URL of the queue with what was given up."
  value       = aws_sqs_queue.dead_letter.url
}

output "dead_letter_queue_arn" {
  description = "The ARN of the queue with what was given up."
  value       = aws_sqs_queue.dead_letter.arn
}

output "schedule_arn" {
  description = "The ARN of the schedule."
  value       = aws_scheduler_schedule.this.arn
}

output "log_group_names" {
  description = "The names of the functions' log groups, by what they do."
  value       = { for role, group in aws_cloudwatch_log_group.function : role => group.name }
}

output "security_group_id" {
  description = "The security group that was made for the functions; null where none was. Let it in to the servers."
  value       = one(aws_security_group.function[*].id)
}

output "alarm_arns" {
  description = "The ARNs of the alarms, by name."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}

output "dashboard_name" {
  description = "The name of the dashboard; null where none was made."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}
