# What the servers' side needs to know.

output "security_group_id" {
  description = "To be let in to the servers, on their port."
  value       = module.pgquerylens.security_group_id
}

output "role_arns" {
  description = "To be let in to the role of the second account."
  value       = module.pgquerylens.role_arns
}
