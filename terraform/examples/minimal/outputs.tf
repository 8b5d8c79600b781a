# What is asked for afterwards.

output "function_name" {
  description = "The function, to invoke it and to find its log."
  value       = module.pgquerylens.function_names.poller
}

output "state_url" {
  description = "Where the state is, as pgquerylens state, stop and resume want it."
  value       = module.pgquerylens.state_url
}

output "security_group_id" {
  description = "To be let in to the server, where the function is in its VPC; else null."
  value       = module.pgquerylens.security_group_id
}
