pub struct InputHandle; pub struct OutputHandle;
