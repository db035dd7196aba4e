pub(crate) mod files; pub(crate) mod secrets; pub(crate) mod stream;
