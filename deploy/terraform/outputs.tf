# What was made.

output "topics" {
  description = "The names of the topics."
  value       = sort(keys(kafka_topic.this))
}

output "grants" {
  description = "Each grant: principal, operation, kind of resource, pattern, name."
  value       = sort(keys(kafka_acl.this))
}
