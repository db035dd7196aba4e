pub struct StreamHandle;
