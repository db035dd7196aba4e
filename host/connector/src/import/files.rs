//! `files`: files that the operator granted, by the name written in the settings.

use super::answer;
use crate::contract::v0_1::bindings::rosterd::connector::files::{Host, HostInput, HostOutput};
use crate::contract::v0_1::bindings::rosterd::connector::types::Fault as WitFault;
use crate::state::State;
use crate::tape::played;
use crate::tape::words::Bytes;
use rosterd_model::effect;
use rosterd_model::fault::{Fault, FaultKind};
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use tempfile::NamedTempFile;
use wasmtime::component::Resource;

/// Read ahead of the connector.
const READ_AHEAD: usize = 256 << 10;
/// Most bytes of one read.
const MOST_READ: u32 = 1 << 20;

/// A file being read.
#[expect(unreachable_pub, reason = "the generated bindings name it publicly")]
pub struct InputHandle {
    name: String,
    /// None in a replay.
    reader: Option<BufReader<File>>,
    size: u64,
    hasher: Option<blake3::Hasher>,
}

/// A file being written beside the old one.
#[expect(unreachable_pub, reason = "the generated bindings name it publicly")]
pub struct OutputHandle {
    name: String,
    path: PathBuf,
    /// None once it is committed.
    writer: Option<BufWriter<NamedTempFile>>,
}

impl std::fmt::Debug for InputHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("InputHandle").field(&self.name).finish()
    }
}
impl std::fmt::Debug for OutputHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OutputHandle").field(&self.name).finish()
    }
}

fn failed(doing: &str, name: &str, error: &std::io::Error) -> Fault {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => FaultKind::NotFound,
        std::io::ErrorKind::PermissionDenied => FaultKind::Forbidden,
        _ => FaultKind::Transient,
    };
    Fault::new(kind, format!("failed to {doing} the file {name}: {error}")).about(name)
}

impl HostInput for State {
    fn read(&mut self, input: Resource<InputHandle>, max: u32) -> wasmtime::Result<Result<Vec<u8>, WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!([input.rep(), max]));
        let read: Result<Bytes, Fault> = self.cross("files.read", with, |state| state.read_on(&input, max))?;
        Ok(answer(read.map(|Bytes(bytes)| bytes)))
    }

    fn size(&mut self, input: Resource<InputHandle>) -> wasmtime::Result<Option<u64>> {
        self.count_call()?;
        // It crossed with the opening.
        Ok(Some(self.table.get(&input)?.size))
    }

    fn drop(&mut self, input: Resource<InputHandle>) -> wasmtime::Result<()> {
        self.table.delete(input)?;
        self.used.files = self.used.files.saturating_sub(1);
        Ok(())
    }
}

impl State {
    fn read_on(&mut self, input: &Resource<InputHandle>, max: u32) -> wasmtime::Result<Result<Bytes, Fault>> {
        let input = self.table.get_mut(input)?;
        let Some(reader) = &mut input.reader else { return Ok(Err(played())) };
        let mut bytes = vec![0; max.clamp(1, MOST_READ) as usize];
        let count = match fill(reader, &mut bytes) {
            Ok(count) => count,
            Err(error) => return Ok(Err(failed("read", &input.name, &error))),
        };
        bytes.truncate(count);
        if let Some(hasher) = &mut input.hasher {
            hasher.update(&bytes);
            if count == 0 {
                let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
                versions.read(&input.name, hasher.finalize());
                input.hasher = None;
            }
        }
        self.count_in(count)?;
        Ok(Ok(Bytes(bytes)))
    }
}

/// Fills the buffer as far as the file goes, so that a short answer means the end is near.
fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while count < bytes.len() {
        match reader.read(&mut bytes[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

impl HostOutput for State {
    fn write(&mut self, output: Resource<OutputHandle>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!([output.rep(), Bytes::json(&bytes)]));
        let outcome: Result<(), Fault> = self.cross("files.write", with, |state| {
            state.count_out(bytes.len())?;
            let output = state.table.get_mut(&output)?;
            Ok(match &mut output.writer {
                Some(writer) => writer.write_all(&bytes).map_err(|error| failed("write", &output.name, &error)),
                None => Err(committed(&output.name)),
            })
        })?;
        Ok(answer(outcome))
    }

    fn commit(&mut self, output: Resource<OutputHandle>) -> wasmtime::Result<Result<(), WitFault>> {
        self.count_call()?;
        let with = self.asked(|| json!(output.rep()));
        let outcome: Result<(), Fault> = self.cross("files.commit", with, |state| {
            let output = state.table.get_mut(&output)?;
            Ok(match output.writer.take() {
                Some(writer) => publish(writer, &output.path).map_err(|error| failed("publish", &output.name, &error)),
                None => Err(committed(&output.name)),
            })
        })?;
        Ok(answer(outcome))
    }

    fn drop(&mut self, output: Resource<OutputHandle>) -> wasmtime::Result<()> {
        self.table.delete(output)?;
        self.used.files = self.used.files.saturating_sub(1);
        Ok(())
    }
}

fn committed(name: &str) -> Fault {
    Fault::new(FaultKind::Conflict, format!("the file {name} is published already; create it again to write more"))
        .about(name)
}

/// Makes a file visible: content first, then the name, then the folder that holds the name.
fn publish(writer: BufWriter<NamedTempFile>, path: &Path) -> std::io::Result<()> {
    let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    // Who reads the old file shall be able to read the new one; otherwise it is for the owner alone.
    if let Ok(old) = fs::metadata(path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    effect::point("publish");
    file.persist(path).map_err(|error| error.error)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    effect::point("publish");
    Ok(())
}

impl Host for State {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<InputHandle>, WitFault>> {
        self.count_call()?;
        let (with, mut made) = (self.asked(|| json!(name)), None);
        let opened: Result<u64, Fault> = self.cross("files.open", with, |state| {
            Ok(state.open_input(name.clone()).map(|input| made.insert(input).size))
        })?;
        match opened {
            Ok(size) => {
                self.used.files += 1;
                let on_tape = || InputHandle { name, reader: None, size, hasher: None };
                Ok(Ok(self.table.push(made.unwrap_or_else(on_tape))?))
            }
            Err(fault) => Ok(Err(fault.into())),
        }
    }

    fn create(&mut self, name: String) -> wasmtime::Result<Result<Resource<OutputHandle>, WitFault>> {
        self.count_call()?;
        let (with, mut made) = (self.asked(|| json!(name)), None);
        let created: Result<(), Fault> = self.cross("files.create", with, |state| {
            Ok(state.create_output(name.clone()).map(|output| made = Some(output)))
        })?;
        match created {
            Ok(()) => {
                self.used.files += 1;
                let on_tape = || OutputHandle { name, path: PathBuf::new(), writer: None };
                Ok(Ok(self.table.push(made.unwrap_or_else(on_tape))?))
            }
            Err(fault) => Ok(Err(fault.into())),
        }
    }
}

impl State {
    fn open_input(&mut self, name: String) -> Result<InputHandle, Fault> {
        self.room_for_a_file()?;
        let path = self.shared.policy.file(&name, false)?;
        // Opening a pipe would wait for its other end, beyond every deadline.
        if !fs::metadata(&path).map_err(|error| failed("open", &name, &error))?.is_file() {
            return Err(Fault::new(FaultKind::Unsupported, format!("{name} is no regular file")).about(name));
        }
        let file = self.outside.open(&path).map_err(|error| failed("open", &name, &error))?;
        let size = file.metadata().map_err(|error| failed("open", &name, &error))?.len();
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).opened(&name);
        Ok(InputHandle {
            name,
            reader: Some(BufReader::with_capacity(READ_AHEAD, file)),
            size,
            hasher: Some(blake3::Hasher::new()),
        })
    }

    fn create_output(&mut self, name: String) -> Result<OutputHandle, Fault> {
        self.room_for_a_file()?;
        let path = self.shared.policy.file(&name, true)?;
        if path.is_dir() {
            return Err(Fault::new(FaultKind::Unsupported, format!("{name} is a folder")).about(name));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".rosterd-").suffix(".tmp").tempfile_in(folder);
        let file = file.map_err(|error| failed("write beside", &name, &error))?;
        Ok(OutputHandle { name, path, writer: Some(BufWriter::with_capacity(READ_AHEAD, file)) })
    }

    fn room_for_a_file(&self) -> Result<(), Fault> {
        let most = self.shared.limits.files;
        if self.used.files < most {
            Ok(())
        } else {
            Err(Self::denied(format!("{most} files are open (limit files); close one first")))
        }
    }
}
