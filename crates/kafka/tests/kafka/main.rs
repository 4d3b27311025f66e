//! What Kafka and a registry keep. Needs both: `scripts/services start`.

mod administrator;
mod log_keeps_its_promises;
mod setting_up;
