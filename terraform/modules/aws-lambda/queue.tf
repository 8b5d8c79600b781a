# The queue between dispatcher and worker, and the queue for what could not be done: invocations that failed or that the
# schedule could not deliver, and messages that no worker could finish.

locals {
  # AWS advises six times the function's timeout, so that a throttled worker does not find its message with another.
  visibility_timeout_seconds = 6 * var.timeout_seconds
}

resource "aws_sqs_queue" "servers" {
  count = local.is_fleet ? 1 : 0

  name                       = "${var.name}-servers"
  message_retention_seconds  = var.message_retention_seconds
  visibility_timeout_seconds = local.visibility_timeout_seconds
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter.arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue" "dead_letter" {
  name                      = "${var.name}-dead-letter"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letter" {
  queue_url = aws_sqs_queue.dead_letter.url
  redrive_allow_policy = jsonencode(merge(
    { redrivePermission = local.is_fleet ? "byQueue" : "denyAll" },
    local.is_fleet ? { sourceQueueArns = [aws_sqs_queue.servers[0].arn] } : {},
  ))
}

resource "aws_sqs_queue_policy" "tls_only" {
  for_each = local.is_fleet ? { servers = aws_sqs_queue.servers[0], dead_letter = aws_sqs_queue.dead_letter } : { dead_letter = aws_sqs_queue.dead_letter }

  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = each.value.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_lambda_event_source_mapping" "worker" {
  count = local.is_fleet ? 1 : 0

  event_source_arn        = aws_sqs_queue.servers[0].arn
  function_name           = aws_lambda_function.this[local.polling].arn
  batch_size              = var.batch_size
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }
}
