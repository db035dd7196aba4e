pub struct SecretHandle;
