//! The list of shared accounts in the Scheduler. What was found in a window is stored beside its copy, in the same event, and
//! deleted with it; marks are kept until they are removed. [`domain::shared_accounts`] combines both.

use super::Scheduler;
use super::store::Store;
use crate::clock;
use domain::erasure::Tombstones;
use domain::ids::UserId;
use domain::problem::{Code, Problem};
use domain::shared_accounts::{
    self, AccountMarkRequest, ListedAccount, SharedAccounts, format_hash, hash_shared, list_accounts,
};
use domain::window::WindowKey;
use engine::erasure_filter::is_person_of;
use std::collections::BTreeSet;

impl Scheduler {
    fn listed_accounts(&self) -> Result<Vec<ListedAccount>, Problem> {
        let marks = self.try_store(Store::account_marks)?;
        let mut found = self.try_store(Store::found_accounts)?;
        let found = self.try_rules(|rules| {
            let keys = rules.windows().map(|window| &window.key);
            keys.filter_map(|key| Some((key.id(), found.remove(&key.full_id())?))).collect()
        })?;
        Ok(list_accounts(found, marks))
    }

    /// The hashes of the accounts that are counted as shared.
    pub(super) fn shared_account_hashes(&self) -> Result<Vec<u64>, Problem> {
        Ok(hash_shared(&self.listed_accounts()?))
    }

    /// The list, with the accounts themselves only if `has_accounts`.
    pub(super) fn describe_shared_accounts(&self, has_accounts: bool) -> Result<SharedAccounts, Problem> {
        let accounts = self.listed_accounts()?;
        let hashes = hash_shared(&accounts).into_iter().map(format_hash).collect();
        Ok(SharedAccounts { hashes, accounts: has_accounts.then_some(accounts) })
    }

    /// Sets or removes a mark.
    ///
    /// # Errors
    /// `bad-body` if it is no account, or if it is being erased.
    pub(super) fn mark_account(&self, by: &str, request: &AccountMarkRequest) -> Result<(), Problem> {
        let account = shared_accounts::parse_account(&request.account)?;
        if is_person_of(&self.try_rules(|rules| rules.tombstones())?, &account) {
            let detail = "This account is erased. Cancel the erasure first, if it is to be marked.";
            return Err(Problem::new(Code::BadBody, detail));
        }
        let mut marks = self.try_store(Store::account_marks)?;
        shared_accounts::set_mark(&mut marks, account, request.mark, by, clock::now())?;
        self.try_store(|store| store.save_account_marks(&marks))
    }

    /// Stores the accounts that were found in a copy, if that copy is in service.
    pub(super) fn save_found_accounts(
        &self,
        key: &WindowKey,
        lease: u32,
        accounts: &BTreeSet<UserId>,
    ) -> worker::Result<()> {
        let (generation, tombstones) = self.with_rules(|rules| {
            let copy = rules.window(key).and_then(|window| window.copy.as_ref());
            (copy.map(|copy| copy.generation), rules.tombstones())
        })?;
        if generation != Some(lease) {
            return Ok(());
        }
        // Somebody may have been erased since the files were read.
        let accounts = accounts.iter().filter(|account| !is_person_of(&tombstones, account.as_str()));
        self.store()?.save_found_accounts(&key.full_id(), &accounts.cloned().collect())
    }

    /// What the list says about a person, without who marked it.
    pub(super) fn accounts_of(&self, person: &Tombstones) -> Result<Vec<ListedAccount>, Problem> {
        let mut accounts = self.listed_accounts()?;
        accounts.retain(|account| is_person_of(person, &account.account));
        accounts.iter_mut().for_each(|account| account.by = None);
        Ok(accounts)
    }
}
