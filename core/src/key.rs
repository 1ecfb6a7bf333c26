//! The key of this installation: workers hash with it what they may compare but not keep (values of environment
//! variables), so that a copy of the data alone does not let anybody guess them.
use stocktake_store::StoreError;

use crate::core::Core;

/// Name of the records that hold it.
const TABLE: &str = "key";
/// Name of the key in there.
const NAME: &str = "hashes";
/// Bytes of a key.
const LENGTH: usize = 32;

impl Core {
    /// The key, made when it is first asked for. It never changes: all hashes would.
    pub(crate) async fn installation_key(&self) -> Result<Vec<u8>, StoreError> {
        let _turn = self.0.commit.lock().await;
        let records = self.0.store.records(TABLE)?;
        if let Some(key) = records.get::<Vec<u8>>(NAME)? {
            return Ok(key);
        }
        let key: Vec<u8> = rand::random::<[u8; LENGTH]>().to_vec();
        records.put(NAME, &key)?;
        Ok(key)
    }
}
