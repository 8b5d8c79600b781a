# Where one invocation leaves for the next what it read: a bucket of its own, or a prefix of one that is there.

locals {
  makes_bucket     = var.state_bucket == null
  state_bucket     = local.makes_bucket ? aws_s3_bucket.state[0].bucket : var.state_bucket
  state_bucket_arn = "arn:${local.partition}:s3:::${local.state_bucket}"
  state_url        = "s3://${local.state_bucket}/${var.state_prefix}"
}

# Not versioned: a state is replaced by each poll, and an older one must not come back.
resource "aws_s3_bucket" "state" {
  count = local.makes_bucket ? 1 : 0

  bucket        = "${var.name}-state-${local.account}-${local.region}"
  force_destroy = var.state_force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_ownership_controls" "state" {
  count = local.makes_bucket ? 1 : 0

  bucket = aws_s3_bucket.state[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  count = local.makes_bucket ? 1 : 0

  bucket                  = aws_s3_bucket.state[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  count = local.makes_bucket ? 1 : 0

  bucket = aws_s3_bucket.state[0].id

  rule {
    bucket_key_enabled = var.kms_key_arn == null ? null : true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  count = local.makes_bucket ? 1 : 0

  bucket = aws_s3_bucket.state[0].id

  rule {
    id     = "incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # Nothing that is used may grow old unnoticed: a poll writes the baseline, but texts and plans are written only when
  # there are new ones. So this is there only for who asks for it. What an operator has said (stop) is smaller.
  dynamic "rule" {
    for_each = var.state_expiration_days == null ? [] : [var.state_expiration_days]

    content {
      id     = "left-behind"
      status = "Enabled"

      filter {
        and {
          prefix                   = "${var.state_prefix}/"
          object_size_greater_than = 16384
        }
      }

      expiration {
        days = rule.value
      }
    }
  }
}

resource "aws_s3_bucket_policy" "state" {
  count = local.makes_bucket ? 1 : 0

  bucket = aws_s3_bucket.state[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [local.state_bucket_arn, "${local.state_bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # A policy that is put while public access is being blocked is refused.
  depends_on = [aws_s3_bucket_public_access_block.state]
}
