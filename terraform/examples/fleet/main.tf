# Every PostgreSQL instance of the region with the tag monitoring=pgquerylens, in this account and a second one, polled from
# private subnets. See README.md.

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = { service = "pgquerylens" }
  }
}

module "pgquerylens" {
  source = "../../modules/aws-lambda"

  package = {
    url    = "s3://${var.artefact_bucket}/pgquerylens/${var.package_version}/pgquerylens-lambda-arm64.zip"
    sha256 = var.package_sha256
  }
  architecture = "arm64"

  discovery = {
    tags      = { monitoring = "pgquerylens" }
    role_arns = [var.other_account_role_arn]
    exclude   = ["scratch-*"]
  }
  # Each instance of this account that discovery may find; the database user is a named one all the same.
  resource_ids        = ["*"]
  maximum_concurrency = 50

  otlp_endpoint           = "https://otlp.eu01.nr-data.net:4318"
  otlp_headers_secret_arn = var.otlp_headers_secret_arn
  resource_attributes     = { "deployment.environment.name" = "production" }

  subnet_ids           = var.subnet_ids
  route_table_ids      = var.route_table_ids
  database_cidr_blocks = var.database_cidr_blocks
  vpc_endpoints        = true

  kms_key_arn       = var.kms_key_arn
  alarm_action_arns = [var.alarm_topic_arn]
}
