//! Files of the world: in memory, or in a folder of the machine.

use super::with;
use crate::Fault;
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// A file being read, as it was when it was opened.
#[derive(Debug)]
pub struct Input(Bytes);

#[derive(Debug)]
enum Bytes {
    Memory { all: Rc<[u8]>, at: Cell<usize> },
    Machine(RefCell<fs::File>),
}

/// A file being written beside the old one.
#[derive(Debug)]
pub struct Output {
    name: String,
    to: RefCell<Target>,
}

#[derive(Debug)]
enum Target {
    Memory(Vec<u8>),
    Machine { file: fs::File, aside: PathBuf, path: PathBuf },
}

fn fault(name: &str, error: &std::io::Error) -> Fault {
    let message = format!("the file {name} can not be used: {error}");
    match error.kind() {
        ErrorKind::NotFound => Fault::not_found(message),
        ErrorKind::PermissionDenied => Fault::denied(message),
        _ => Fault::transient(message),
    }
}

/// Opens for reading.
pub fn open(name: &str) -> Result<Input, Fault> {
    let (memory, folder) = with(|world| (world.files.get(name).cloned(), world.folder.clone()));
    if let Some(all) = memory {
        return Ok(Input(Bytes::Memory { all, at: Cell::new(0) }));
    }
    let Some(folder) = folder else {
        return Err(Fault::not_found(format!("there is no file {name}")).about(name));
    };
    let file = fs::File::open(folder.join(name)).map_err(|error| fault(name, &error))?;
    Ok(Input(Bytes::Machine(RefCell::new(file))))
}

/// Begins a new file.
pub fn create(name: &str) -> Result<Output, Fault> {
    let to = match with(|world| world.folder.clone()) {
        None => Target::Memory(Vec::new()),
        Some(folder) => {
            let (path, aside) = (folder.join(name), folder.join(format!("{name}.new")));
            let file = fs::File::create(&aside).map_err(|error| fault(name, &error))?;
            Target::Machine { file, aside, path }
        }
    };
    Ok(Output { name: name.to_owned(), to: RefCell::new(to) })
}

impl Input {
    /// At most `max` bytes; none left is the end.
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Fault> {
        match &self.0 {
            Bytes::Memory { all, at } => {
                let end = all.len().min(at.get() + max as usize);
                Ok(all[at.replace(end)..end].to_vec())
            }
            Bytes::Machine(file) => {
                let mut bytes = Vec::with_capacity(max as usize);
                let file = &mut *file.borrow_mut();
                let result = file.take(u64::from(max)).read_to_end(&mut bytes);
                result.map_err(|error| fault("being read", &error))?;
                Ok(bytes)
            }
        }
    }

    /// In bytes.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Bytes::Memory { all, .. } => Some(all.len() as u64),
            Bytes::Machine(file) => file.borrow().metadata().ok().map(|metadata| metadata.len()),
        }
    }
}

impl Output {
    /// Appends.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Fault> {
        spend_a_write()?;
        match &mut *self.to.borrow_mut() {
            Target::Memory(all) => all.extend_from_slice(bytes),
            Target::Machine { file, .. } => file.write_all(bytes).map_err(|error| fault(&self.name, &error))?,
        }
        Ok(())
    }

    /// Makes the file visible.
    pub fn commit(&self) -> Result<(), Fault> {
        spend_a_write()?;
        match &mut *self.to.borrow_mut() {
            Target::Memory(all) => {
                let bytes = std::mem::take(all).into();
                with(|world| world.files.insert(self.name.clone(), bytes));
            }
            Target::Machine { aside, path, .. } => {
                fs::rename(aside, path).map_err(|error| fault(&self.name, &error))?;
            }
        }
        Ok(())
    }
}

fn spend_a_write() -> Result<(), Fault> {
    with(|world| match &mut world.writes_left {
        Some(0) => Err(Fault::transient("no space left on the device (scripted)")),
        Some(left) => {
            *left -= 1;
            Ok(())
        }
        None => Ok(()),
    })
}
