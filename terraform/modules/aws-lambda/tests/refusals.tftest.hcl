# What the variables refuse: what is wrong is told before anything is planned. Each variable that a run expects to be
# refused has to be; several stand together, since a run takes its time.

mock_provider "aws" {}

variables {
  package      = { path = "versions.tf" }
  targets      = [{ connection = "postgresql://pgquerylens@db1.example.com/shop" }]
  resource_ids = ["db-ABC"]
}

run "figures_that_are_too_small_and_patterns_of_ids_are_refused" {
  command = plan

  variables {
    memory_size_mb            = 64
    timeout_seconds           = 9
    reserved_concurrency      = 0
    batch_size                = 0
    maximum_concurrency       = 1
    message_retention_seconds = 59
    max_receive_count         = 0
    state_expiration_days     = 1
    database_port             = 0
    alarm_lag_seconds         = 0
    security_group_ids        = ["functions"]
    resource_ids              = ["db-*"]
    alarm_silence_minutes     = 0
  }

  expect_failures = [var.memory_size_mb, var.timeout_seconds, var.reserved_concurrency, var.batch_size, var.maximum_concurrency, var.message_retention_seconds, var.max_receive_count, var.state_expiration_days, var.database_port, var.alarm_lag_seconds, var.security_group_ids, var.resource_ids, var.alarm_silence_minutes]
}

run "figures_that_are_too_large_or_between_what_is_known_are_refused" {
  command = plan

  variables {
    name                      = "abcdefghijklmnopqrstuvwxyzabc"
    memory_size_mb            = 10241
    timeout_seconds           = 901
    reserved_concurrency      = -2
    batch_size                = 11
    maximum_concurrency       = 1001
    message_retention_seconds = 1209601
    max_receive_count         = 1001
    state_expiration_days     = 2.5
    database_port             = 65536
    alarm_silence_minutes     = 1441
    log_retention_days        = 31
    subnet_ids                = ["private-a"]
  }

  expect_failures = [var.name, var.memory_size_mb, var.timeout_seconds, var.reserved_concurrency, var.batch_size, var.maximum_concurrency, var.message_retention_seconds, var.max_receive_count, var.state_expiration_days, var.database_port, var.alarm_silence_minutes, var.log_retention_days, var.subnet_ids]
}

run "wildcards_are_refused" {
  command = plan

  variables {
    password_secret_arns    = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"]
    password_parameter_arns = ["arn:aws:ssm:eu-west-1:123456789012:parameter/*"]
    secrets_kms_key_arns    = ["arn:aws:kms:eu-west-1:123456789012:key/*"]
    database_cidr_blocks    = ["0.0.0.0"]
    database_users          = ["*"]
    code_signing_config_arn = "*"
  }

  expect_failures = [var.password_secret_arns, var.password_parameter_arns, var.secrets_kms_key_arns, var.database_cidr_blocks, var.database_users, var.code_signing_config_arn]
}

run "names_where_ids_are_wanted_are_refused" {
  command = plan

  variables {
    name                        = "Lens"
    state_bucket                = "s3://acme-states"
    state_prefix                = "pgquerylens/"
    kms_key_arn                 = "arn:aws:kms:eu-west-1:123456789012:alias/states"
    otlp_headers_secret_arn     = "otlp"
    secrets_kms_key_arns        = ["11111111-2222-3333-4444-555555555555"]
    resource_ids                = ["shop-primary"]
    permissions_boundary        = "arn:aws:iam::123456789012:role/boundary"
    role_path                   = "/service"
    database_security_group_ids = ["databases"]
    https_cidr_blocks           = ["everywhere"]
    route_table_ids             = ["private"]
    alarm_action_arns           = ["me@example.com"]
  }

  expect_failures = [var.name, var.state_bucket, var.state_prefix, var.kms_key_arn, var.otlp_headers_secret_arn, var.secrets_kms_key_arns, var.resource_ids, var.permissions_boundary, var.role_path, var.database_security_group_ids, var.https_cidr_blocks, var.route_table_ids, var.alarm_action_arns]
}

run "headers_in_clear_a_password_in_a_url_and_neither_path_nor_url_of_a_package_are_refused" {
  command = plan

  variables {
    environment = { OTEL_EXPORTER_OTLP_HEADERS = "api-key=secret" }
    targets     = [{ connection = "postgresql://monitor:secret@db.example.com/shop" }]
    package     = {}
    schedule    = "rate(1)"
  }

  expect_failures = [var.environment, var.targets, var.package, var.schedule]
}

run "a_password_in_clear_or_in_words_and_both_path_and_url_of_a_package_are_refused" {
  command = plan

  variables {
    environment = { PGPASSWORD = "secret" }
    targets     = [{ connection = "host=db.example.com password=secret" }]
    package     = { path = "versions.tf", url = "s3://artefacts/a.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    schedule    = "rate(0 minutes)"
  }

  expect_failures = [var.environment, var.targets, var.package, var.schedule]
}

run "a_password_as_a_text_an_option_in_the_environment_and_a_url_without_its_sum_are_refused" {
  command = plan

  variables {
    environment = { PGQUERYLENS_TOP = "5" }
    targets     = [{ connection = "postgresql://db.example.com/shop", password = "secret" }]
    package     = { url = "s3://artefacts/a.zip" }
    schedule    = "cron(*/5 * * * *)"
  }

  expect_failures = [var.environment, var.targets, var.package, var.schedule]
}

run "targets_that_are_no_objects_and_a_url_of_the_web_are_refused" {
  command = plan

  variables {
    targets  = ["postgresql://db.example.com/shop"]
    package  = { url = "https://example.com/a.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    schedule = "cron(*/5 * * * * *)"
  }

  expect_failures = [var.targets, var.package, var.schedule]
}

run "a_target_without_a_connection_and_a_sum_that_is_none_are_refused" {
  command = plan

  variables {
    targets  = [{ name = "shop" }]
    package  = { url = "s3://artefacts/a.zip", sha256 = "abc" }
    schedule = "at(2030-01-01T00:00:00)"
  }

  expect_failures = [var.targets, var.package, var.schedule]
}

run "a_misspelt_key_of_a_target_and_a_file_with_another_sum_are_refused" {
  command = plan

  variables {
    targets  = [{ connection = "postgresql://db.example.com/shop", statment_timeout = "5s" }]
    package  = { path = "versions.tf", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    schedule = "every minute"
  }

  expect_failures = [var.targets, var.package, var.schedule]
}

run "two_targets_of_the_same_name_and_words_that_are_unknown_are_refused" {
  command = plan

  variables {
    targets           = [{ connection = "postgresql://a/shop", name = "shop" }, { connection = "postgresql://b/shop", name = "shop" }]
    architecture      = "amd64"
    auth              = "kerberos"
    schedule_timezone = "GMT+1"
  }

  expect_failures = [var.targets, var.architecture, var.auth, var.schedule_timezone]
}

run "neither_targets_nor_discovery_and_a_group_and_endpoints_without_a_subnet_are_refused" {
  command = plan

  variables {
    targets            = []
    discovery          = null
    security_group_ids = ["sg-0123456789abcdef0"]
    vpc_endpoints      = true
  }

  expect_failures = [var.discovery, var.security_group_ids, var.vpc_endpoints]
}

run "both_targets_and_discovery_a_group_that_lets_out_to_no_server_and_endpoints_without_a_route_are_refused" {
  command = plan

  variables {
    discovery            = {}
    subnet_ids           = ["subnet-0123456789abcdef0"]
    database_cidr_blocks = []
    vpc_endpoints        = true
    route_table_ids      = []
  }

  expect_failures = [var.discovery, var.database_cidr_blocks, var.route_table_ids]
}

run "nothing_to_log_in_to_is_refused" {
  command = plan

  variables {
    resource_ids = []
  }

  expect_failures = [var.resource_ids]
}

run "a_silence_that_is_shorter_than_the_pause_of_the_schedule_is_refused" {
  command = plan

  variables {
    schedule              = "rate(1 hour)"
    alarm_silence_minutes = 60
  }

  expect_failures = [var.alarm_silence_minutes]
}

run "an_engine_that_is_not_postgresql_is_refused" {
  command = plan

  variables {
    targets   = []
    discovery = { engines = ["mysql"] }
  }

  expect_failures = [var.discovery]
}

run "a_region_that_is_none_is_refused" {
  command = plan

  variables {
    targets   = []
    discovery = { regions = ["Ireland"] }
  }

  expect_failures = [var.discovery]
}

run "every_role_of_an_account_is_refused" {
  command = plan

  variables {
    targets   = []
    discovery = { role_arns = ["arn:aws:iam::210987654321:role/*"] }
  }

  expect_failures = [var.discovery]
}

run "a_tag_with_a_comma_is_refused" {
  command = plan

  variables {
    targets   = []
    discovery = { tags = { env = "prod,test" } }
  }

  expect_failures = [var.discovery]
}

run "a_user_that_is_a_pattern_is_refused" {
  command = plan

  variables {
    targets   = []
    discovery = { user = "pg*" }
  }

  expect_failures = [var.discovery]
}
