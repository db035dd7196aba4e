//! Makes a component as heavy as one that carries an interpreter, without changing what it answers: a second core module
//! of generated functions, with a table and data of its own, that is compiled, loaded and instantiated with the first.
//!
//! A large custom section would be simpler and prove nothing: it is not in the compiled code. Here every byte that is
//! added is code or data of the kind that a compiler makes, so that there are as many functions to be found, as much
//! native code to be mapped, and as large a memory to be set up as with a real one.

use wasm_encoder::{
    BlockType, CodeSection, ComponentSection as _, ConstExpr, DataSection, ElementSection, Elements, ExportKind,
    ExportSection, Function, FunctionSection, InstanceSection, Instruction as I, MemArg, MemorySection, MemoryType,
    Module, ModuleArg, ModuleSection, RefType, TableSection, TableType, TypeSection, ValType,
};

/// Data that the memory begins with: an interpreter brings its library.
const DATA: usize = 2 << 20;
/// Functions in the table: an interpreter calls most of its own through pointers.
const TABLE: u32 = 4096;
/// Statements of one function; about 600 bytes, as in a large C program.
const STATEMENTS: u32 = 40;
/// The locals of a function, its two parameters included.
const LOCALS: u32 = 8;

/// The component with a module that brings it to about `size` bytes.
pub(crate) fn heavier(component: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let before = core_modules(component)?;
    let module = module(size.saturating_sub(component.len()));
    let mut bytes = component.to_vec();
    ModuleSection(&module).append_to_component(&mut bytes);
    let mut instances = InstanceSection::new();
    instances.instantiate(before, std::iter::empty::<(&str, ModuleArg)>());
    instances.append_to_component(&mut bytes);
    Ok(bytes)
}

/// How many core modules stand in the component itself: the index of the next one.
fn core_modules(component: &[u8]) -> Result<u32, String> {
    const HEADER: usize = 8;
    const CORE_MODULE: u8 = 1;
    let broken = || "the component ends in the middle of a section".to_owned();
    let (mut at, mut count) = (HEADER, 0);
    while at < component.len() {
        let id = component[at];
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            at += 1;
            let byte = *component.get(at).ok_or_else(broken)?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += 1 + length;
        count += u32::from(id == CORE_MODULE);
    }
    if at == component.len() { Ok(count) } else { Err(broken()) }
}

/// A module of about `size` bytes.
fn module(size: usize) -> Module {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut code = CodeSection::new();
    while code.byte_len() + DATA.min(size) < size || code.len() < TABLE {
        let known = code.len();
        code.function(&function(&mut random, known));
    }
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32, ValType::I32], [ValType::I32]);
    let mut functions = FunctionSection::new();
    for _ in 0..code.len() {
        functions.function(0);
    }
    let mut tables = TableSection::new();
    let minimum = u64::from(TABLE);
    let element_type = RefType::FUNCREF;
    tables.table(TableType { element_type, table64: false, minimum, maximum: Some(minimum), shared: false });
    let mut memories = MemorySection::new();
    let minimum = (DATA as u64).div_ceil(1 << 16) + 1;
    memories.memory(MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("heavy", ExportKind::Func, 0);
    let mut elements = ElementSection::new();
    let all: Vec<u32> = (0..TABLE).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(all.into()));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), (0..DATA).map(|_| random.next().to_le_bytes()[0]));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tables).section(&memories).section(&exports);
    module.section(&elements).section(&code).section(&data);
    module
}

fn say(function: &mut Function, instructions: &[I<'_>]) {
    for instruction in instructions {
        function.instruction(instruction);
    }
}

/// A function that computes, reads and writes memory, branches, loops and calls; `known` functions stand before it.
fn function(random: &mut Random, known: u32) -> Function {
    let mut function = Function::new([(LOCALS - 2, ValType::I32)]);
    let near = |random: &mut Random| MemArg { offset: u64::from(random.below(4096)), align: 2, memory_index: 0 };
    for _ in 0..STATEMENTS {
        let (a, b, c) = (random.below(LOCALS), random.below(LOCALS), random.below(LOCALS));
        let number = i32::from_le_bytes(random.below(1 << 20).to_le_bytes());
        match random.below(8) {
            0 | 1 => {
                say(&mut function, &[I::LocalGet(a), I::I32Const(number), I::I32Xor]);
                say(&mut function, &[I::LocalGet(b), I::I32Add, I::LocalSet(c)]);
            }
            2 | 3 => {
                say(&mut function, &[I::LocalGet(a), I::I32Const(0xf_fffc), I::I32And]);
                say(&mut function, &[I::I32Load(near(random)), I::LocalSet(c)]);
            }
            4 => {
                say(&mut function, &[I::LocalGet(a), I::I32Const(0xf_fffc), I::I32And]);
                say(&mut function, &[I::LocalGet(b), I::I32Store(near(random))]);
            }
            5 => {
                say(&mut function, &[I::LocalGet(a), I::LocalGet(b), I::I32LtU]);
                say(&mut function, &[I::If(BlockType::Empty), I::LocalGet(c), I::I32Const(number)]);
                say(&mut function, &[I::I32Mul, I::LocalSet(a), I::Else, I::LocalGet(a)]);
                say(&mut function, &[I::LocalSet(b), I::End]);
            }
            6 => {
                say(&mut function, &[I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
                say(&mut function, &[I::LocalGet(a), I::I32Eqz, I::BrIf(1)]);
                say(&mut function, &[I::LocalGet(a), I::I32Const(1), I::I32ShrU]);
                say(&mut function, &[I::LocalSet(a), I::Br(0), I::End, I::End]);
            }
            _ => {
                say(&mut function, &[I::LocalGet(a), I::LocalGet(b)]);
                if known > 0 && random.below(2) == 0 {
                    say(&mut function, &[I::Call(random.below(known))]);
                } else {
                    say(&mut function, &[I::LocalGet(c), I::I32Const(4095), I::I32And]);
                    say(&mut function, &[I::CallIndirect { type_index: 0, table_index: 0 }]);
                }
                say(&mut function, &[I::LocalSet(c)]);
            }
        }
    }
    say(&mut function, &[I::LocalGet(0), I::End]);
    function
}

/// The same numbers in every run: the component is the same, too.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        u32::try_from((self.next() >> 16) % u64::from(limit)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component: it holds nothing.
    const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

    #[test]
    fn it_is_as_heavy_as_was_asked_for_and_the_same_each_time() {
        let size = 6 << 20;
        let once = heavier(&COMPONENT, size).expect("a component");
        assert!(once.len().abs_diff(size) < size / 50, "{} bytes", once.len());
        assert!(once == heavier(&COMPONENT, size).expect("a component"));
        assert_eq!(core_modules(&once), Ok(1));
        assert_eq!(core_modules(&heavier(&once, 0).expect("a component")), Ok(2));
    }

    #[test]
    fn what_ends_too_early_is_refused() {
        let component = [&COMPONENT[..], &[0, 5, 1]].concat();
        assert!(heavier(&component, 0).is_err());
    }
}
