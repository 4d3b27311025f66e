//! What infer promises, on the embedded log.

mod models_come_and_go;
mod predicts;
