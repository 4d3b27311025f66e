//! Loads an artefact by its family.

use std::sync::Arc;

use ombud_models::{Artefact, Family, LoadError, LoadModel, Model};

use crate::{bag, blend, encoder, memory};

/// Serves artefacts on libtorch's CPU kernels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Libtorch;

impl LoadModel for Libtorch {
    fn load(&self, artefact: &Artefact) -> Result<Arc<dyn Model>, LoadError> {
        match artefact.manifest.family {
            Family::Bag => bag::load(artefact),
            Family::Encoder => encoder::load(artefact),
            Family::Blend => blend::load(artefact, self),
        }
    }
    fn tidy(&self) {
        memory::give_back();
    }
}
