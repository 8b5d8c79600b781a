# How the servers are reached: the functions' security group, and endpoints of the VPC for what of AWS they use.

locals {
  in_vpc             = length(var.subnet_ids) > 0
  makes_group        = local.in_vpc && length(var.security_group_ids) == 0
  security_group_ids = local.makes_group ? [aws_security_group.function[0].id] : var.security_group_ids
  vpc_id             = one(data.aws_subnet.first[*].vpc_id)

  # Where figures go, and by which ports: those that the URLs say, or those of their schemes. Without a scheme it is gRPC, which
  # has a port.
  otlp_urls = compact([var.otlp_endpoint, var.otlp_metrics_endpoint, var.otlp_logs_endpoint])
  otlp_ports = distinct([for url in local.otlp_urls :
    try(tonumber(regex("^(?:[A-Za-z]+://)?(?:\\[[^\\]]*\\]|[^/:\\[]+):([0-9]+)", trimspace(url))[0]), startswith(lower(trimspace(url)), "http://") ? 80 : 443)
  ])
  # 443 has a rule already, and AWS refuses a second.
  otlp_rules = { for pair in setproduct(var.https_cidr_blocks, local.otlp_ports) : "${pair[0]} ${pair[1]}" => { block = pair[0], port = pair[1] } if pair[1] != 443 }

  # To sign a token calls nobody, and Lambda itself reads the queue and writes the logs: neither needs an endpoint.
  interface_services = !var.vpc_endpoints ? [] : [for service, is_used in {
    logs           = contains(local.aws_metrics, "enhanced-monitoring")
    monitoring     = contains(local.aws_metrics, "cloudwatch")
    pi             = contains(local.aws_metrics, "performance-insights")
    rds            = local.is_fleet || length(local.aws_metrics) > 0 || local.reads_logs
    secretsmanager = length(local.secret_arns) > 0
    sqs            = local.is_fleet
    ssm            = length(var.password_parameter_arns) > 0
    sts            = length(local.role_arns) > 0
  } : service if is_used]
}

data "aws_subnet" "first" {
  count = local.in_vpc ? 1 : 0

  id = var.subnet_ids[0]
}

resource "aws_security_group" "function" {
  count = local.makes_group ? 1 : 0

  name_prefix = "${var.name}-"
  description = "Lets pgquerylens out to its servers, AWS and OTLP, and nobody in."
  vpc_id      = local.vpc_id
  tags        = merge(var.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "database_networks" {
  for_each = local.makes_group ? toset(var.database_cidr_blocks) : []

  security_group_id = aws_security_group.function[0].id
  description       = "PostgreSQL"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = var.database_port
  to_port           = var.database_port
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "database_groups" {
  # By position, since a group that is made in the same run has no name yet.
  count = local.makes_group ? length(var.database_security_group_ids) : 0

  security_group_id            = aws_security_group.function[0].id
  description                  = "PostgreSQL"
  referenced_security_group_id = var.database_security_group_ids[count.index]
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = local.makes_group ? toset(var.https_cidr_blocks) : []

  security_group_id = aws_security_group.function[0].id
  description       = "OTLP, and AWS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "otlp" {
  for_each = local.makes_group ? local.otlp_rules : {}

  security_group_id = aws_security_group.function[0].id
  description       = "OTLP"
  cidr_ipv4         = each.value.block
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  tags              = var.tags
}

data "aws_vpc_endpoint_service" "s3" {
  count = var.vpc_endpoints ? 1 : 0

  service      = "s3"
  service_type = "Gateway"
}

# What the endpoints are called differs between partitions.
data "aws_vpc_endpoint_service" "interface" {
  for_each = toset(local.interface_services)

  service      = each.value
  service_type = "Interface"
}

# Without a policy of its own: others in these subnets use the same route, and what we may is said by our roles.
resource "aws_vpc_endpoint" "s3" {
  count = var.vpc_endpoints ? 1 : 0

  vpc_id            = local.vpc_id
  service_name      = data.aws_vpc_endpoint_service.s3[0].service_name
  vpc_endpoint_type = "Gateway"
  route_table_ids   = var.route_table_ids
  tags              = merge(var.tags, { Name = "${var.name}-s3" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(local.interface_services)

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.interface[each.value].service_name
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.endpoints[0].id]
  private_dns_enabled = true
  tags                = merge(var.tags, { Name = "${var.name}-${each.value}" })
}

resource "aws_security_group" "endpoints" {
  count = length(local.interface_services) > 0 ? 1 : 0

  name_prefix = "${var.name}-endpoints-"
  description = "Lets the functions of pgquerylens in to endpoints of AWS."
  vpc_id      = local.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-endpoints" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = length(local.interface_services) > 0 ? length(local.security_group_ids) : 0

  security_group_id            = aws_security_group.endpoints[0].id
  description                  = "The functions of pgquerylens"
  referenced_security_group_id = local.security_group_ids[count.index]
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  tags                         = var.tags
}
