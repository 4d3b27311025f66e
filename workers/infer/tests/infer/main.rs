//! What infer promises, on the embedded log.

mod letters_world;
mod models_come_and_go;
mod predicts;
mod swap_world;
