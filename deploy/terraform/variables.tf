# What the caller says.

variable "access" {
  description = "What `ombud setup --export json` prints, decoded: topics with their settings, roles with their grants."
  type = object({
    topics = list(object({
      name       = string
      partitions = number
      replicas   = number
      config     = map(string)
    }))
    users = list(object({
      role = string
      acls = list(object({
        resource   = string
        name       = string
        pattern    = string
        operations = list(string)
      }))
    }))
  })

  validation {
    condition     = length(var.access.topics) > 0
    error_message = "access has no topics: decode the whole of what `ombud setup --export json` prints."
  }
}

variable "principals" {
  description = "The principal of each role, such as { infer = \"User:ombud-infer\" }. A role that is not named gets no grant."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for role in keys(var.principals) : contains(var.access.users[*].role, role)])
    error_message = "principals names a role that the export does not have: ${join(", ", var.access.users[*].role)}."
  }

  validation {
    condition     = alltrue([for principal in values(var.principals) : strcontains(principal, ":")])
    error_message = "A principal has its type before it, such as User:ombud-infer."
  }
}

variable "release" {
  description = "The chart's release; null where something else installs the chart, such as Argo CD."
  type = object({
    chart      = string
    version    = optional(string)
    repository = optional(string)
    name       = optional(string, "ombud")
    namespace  = optional(string, "ombud")
    values     = optional(list(string), [])
    # How long pods may take, in seconds: models are loaded and shards are taken on.
    timeout = optional(number, 900)
  })
  default = null
}
