//! Model versions that a promise offers to a deployment: the bag with other thresholds, and folders that must not serve.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use ombud_contract::{catalogue::Topic, codec};
use ombud_models::{Artefact, MANIFEST, ModelStore, model_version_record, registry_key};
use ombud_stream::{Outgoing, Sink};
use safetensors::{SafeTensors, tensor::TensorView};
use serde_json::{Value, json};

use crate::{Deployment, default_models, kafka, repository};

const WEIGHTS: &str = "model.safetensors";
/// The shared folder's name.
const SHARED: &str = "shared";

/// A way in which an artefact must not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The folder was copied in part.
    HalfWritten,
    /// A tensor has another shape than the others ask for.
    WrongShapes,
    /// A weight is no number.
    NotANumber,
    /// The weights know one label less than the manifest names.
    LabelCount,
    /// An encoder without what cuts its texts.
    NoTokenizer,
}

impl Broken {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::HalfWritten, Self::WrongShapes, Self::NotANumber, Self::LabelCount, Self::NoTokenizer];

    /// The code that the registry, the metric and the log must give, and a word that its explanation must have.
    pub fn reason(self) -> (&'static str, &'static str) {
        match self {
            Self::HalfWritten => ("content-differs", WEIGHTS),
            Self::WrongShapes => ("unloadable", "table"),
            Self::NotANumber => ("not-finite", "bias"),
            Self::LabelCount => ("label-count", "56 labels"),
            Self::NoTokenizer => ("unloadable", "tokenizer.json"),
        }
    }

    /// Makes such a folder in `dir`. A half-written one is whole until it lies in the shared folder.
    fn make(self, dir: &Path) -> Result<Artefact> {
        match self {
            Self::HalfWritten => return bag(dir, 1),
            Self::NoTokenizer => {
                copy(&repository().join("crates/torch/tests/goldens/bert"), dir)?;
                fs::remove_file(dir.join("tokenizer.json"))?;
            }
            Self::WrongShapes => rewritten(dir, |tensors| {
                tensors.iter_mut().filter(|one| one.name == "table").for_each(|one| one.shape.reverse());
            })?,
            Self::NotANumber => rewritten(dir, |tensors| {
                for one in tensors.iter_mut().filter(|one| one.name == "bias") {
                    one.data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
                }
            })?,
            Self::LabelCount => rewritten(dir, |tensors| {
                for one in tensors {
                    match one.name.as_str() {
                        "bias" | "label_scales" => one.cut_columns(4),
                        "table" => one.cut_columns(1),
                        _ => {}
                    }
                }
            })?,
        }
        Ok(Artefact::open(dir)?)
    }
}

/// The bag in the folder `dir`, and by `number` a version of its own: its flag's threshold is lowered by so many
/// hundred-thousandths of itself, at most all of it.
///
/// # Errors
/// It can't be written.
pub fn bag(dir: &Path, number: u32) -> Result<Artefact> {
    copy(&default_models().join("complaints-bag"), dir)?;
    let path = dir.join(MANIFEST);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let heads = manifest["heads"].as_array_mut().context("heads")?;
    let flag = heads.iter_mut().find(|head| head["kind"] == "flag").context("a flag")?;
    let possible = flag["thresholds"]["possible"].as_f64().context("its threshold")?;
    flag["thresholds"]["possible"] = json!(possible * (1.0 - f64::from(number) * 1e-5));
    fs::write(&path, serde_json::to_vec_pretty(&manifest)?)?;
    Ok(Artefact::open(dir)?)
}

/// A folder that hosts share, and the registry: whatever is offered here, nobody has checked.
pub struct Offers<'a> {
    deployment: &'a Deployment,
    shared: PathBuf,
    made: PathBuf,
}

impl<'a> Offers<'a> {
    /// To `deployment`, whose processes find the shared folder through its settings: see [`Self::share`].
    pub fn to(deployment: &'a Deployment) -> Self {
        let folder = deployment.folder();
        Self { deployment, shared: folder.join(SHARED), made: folder.join("made") }
    }

    /// Has the processes of `deployment` look into the shared folder, from now on.
    pub fn share(deployment: &mut Deployment) {
        let shared = deployment.folder().join(SHARED);
        deployment.set("OMBUD_SHARED_MODELS", &shared.to_string_lossy());
    }

    /// Registers a whole bag; gives its version.
    ///
    /// # Errors
    /// It can't be written or appended.
    pub fn bag(&self, number: u32) -> Result<Artefact> {
        let artefact = bag(&self.made.join(format!("bag-{number}")), number)?;
        self.offer(&artefact)?;
        Ok(artefact)
    }

    /// Registers what must not serve.
    ///
    /// # Errors
    /// It can't be written or appended.
    pub fn broken(&self, how: Broken) -> Result<Artefact> {
        let artefact = how.make(&self.made.join(format!("{how:?}")))?;
        let home = self.offer(&artefact)?;
        if how == Broken::HalfWritten {
            let half = fs::metadata(home.join(WEIGHTS))?.len() / 2;
            fs::File::options().write(true).open(home.join(WEIGHTS))?.set_len(half)?;
        }
        Ok(artefact)
    }

    fn offer(&self, artefact: &Artefact) -> Result<PathBuf> {
        let home = ModelStore::new(&self.shared).add(artefact)?;
        let record = model_version_record(artefact, "test", 1);
        let key = registry_key(&record.model_id, &record.version);
        let topic: Arc<str> = Topic::Registry.name(&self.deployment.prefix).into();
        let (mut sink, deliveries) = kafka(self.deployment)?.sink::<()>(1)?;
        let value = codec::encode(&record)?;
        let outgoing = Outgoing::stamped(topic, None, Some(Bytes::from(key)), value, "test", &[]);
        ensure!(sink.send(outgoing, ()).is_ok(), "the sink takes a record");
        deliveries.recv()?.result?;
        Ok(home)
    }
}

/// A tensor of a file that is being rewritten.
struct Written {
    name: String,
    kind: safetensors::Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Written {
    /// Takes the last of its columns, each `bytes` wide.
    fn cut_columns(&mut self, bytes: usize) {
        let Some(columns) = self.shape.last_mut() else { return };
        let row = *columns * bytes;
        let rows = self.data.chunks_exact(row);
        self.data = rows.flat_map(|row| &row[..row.len() - bytes]).copied().collect();
        *columns -= 1;
    }
}

/// The bag in `dir`, with its weights as `change` leaves them.
fn rewritten(dir: &Path, change: impl FnOnce(&mut Vec<Written>)) -> Result<()> {
    copy(&default_models().join("complaints-bag"), dir)?;
    let bytes = fs::read(dir.join(WEIGHTS))?;
    let read = |(name, view): (String, TensorView<'_>)| {
        let (kind, shape) = (view.dtype(), view.shape().to_vec());
        Written { name, kind, shape, data: view.data().to_vec() }
    };
    let mut tensors: Vec<Written> =
        SafeTensors::deserialize(&bytes)?.tensors().into_iter().map(read).collect();
    change(&mut tensors);
    let views =
        tensors.iter().map(|one| Ok((&one.name, TensorView::new(one.kind, one.shape.clone(), &one.data)?)));
    let views = views.collect::<Result<Vec<_>>>()?;
    Ok(fs::write(dir.join(WEIGHTS), safetensors::serialize(views, None)?)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
