use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, ECDSA_P256_SHA256_ASN1_SIGNING,
};
use tough::key_source::KeySource;
use tough::sign::Sign;

use crate::Failure;

/// A key that lives as long as the program.
#[derive(Clone, Debug)]
pub struct MemoryKey {
    key_type: String,
    pkcs8: Vec<u8>,
}

impl MemoryKey {
    pub fn new(key_type: &str) -> Result<Self, Failure> {
        let random = SystemRandom::new();
        let pkcs8 = match key_type {
            "ed25519" => Ed25519KeyPair::generate_pkcs8(&random)?.as_ref().to_vec(),
            "ecdsa" => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)?
                .as_ref()
                .to_vec(),
            "rsa" => AsDer::<Pkcs8V1Der>::as_der(&RsaKeyPair::generate(KeySize::Rsa2048)?)?
                .as_ref()
                .to_vec(),
            _ => return Err(format!("no key type {key_type}").into()),
        };
        Ok(Self { key_type: key_type.to_owned(), pkcs8 })
    }

    pub fn signer(&self) -> Result<Box<dyn Sign>, Failure> {
        Ok(match self.key_type.as_str() {
            "ed25519" => Box::new(Ed25519KeyPair::from_pkcs8(&self.pkcs8)?),
            "ecdsa" => {
                Box::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8)?)
            }
            _ => Box::new(RsaKeyPair::from_pkcs8(&self.pkcs8)?),
        })
    }
}

#[tough::async_trait]
impl KeySource for MemoryKey {
    async fn as_sign(&self) -> Result<Box<dyn Sign>, Failure> {
        self.signer()
    }

    async fn write(&self, _value: &str, _key_id_hex: &str) -> Result<(), Failure> {
        Err("a key in memory is not written".into())
    }
}
