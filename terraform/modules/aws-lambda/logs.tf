# The functions' log groups, made here so that they have a retention and a key, and so that the roles need not make any.

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.names

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}
