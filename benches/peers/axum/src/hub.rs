//! Who is there, and what is handed to whom.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::{Value, json};
use socketioxide::extract::SocketRef;
use tokio::task::JoinSet;

use crate::messages::{Credentials, Distribute, Row, Status, moment, now};
use crate::zoom::{Zoom, ZoomError};

/// What was handed to a socket and is not confirmed yet, by the name of the delivery.
pub type Unconfirmed = Arc<Mutex<HashMap<String, Arc<AtomicBool>>>>;

pub struct Hub {
    pub zoom: Zoom,
    /// The newest socket of each user.
    users: RwLock<HashMap<String, SocketRef>>,
    /// Sockets that are open.
    sessions: AtomicUsize,
    distributions: AtomicU64,
}

impl Hub {
    pub fn new(zoom: Zoom) -> Arc<Self> {
        Arc::new(Self {
            zoom,
            users: RwLock::default(),
            sessions: AtomicUsize::default(),
            distributions: AtomicU64::default(),
        })
    }

    pub fn opened(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
    }

    pub fn authenticated(&self, user: String, socket: SocketRef) {
        self.users.write().unwrap_or_else(PoisonError::into_inner).insert(user, socket);
    }

    /// Forgets a user, too, whose newest socket this was.
    pub fn closed(&self, socket: &SocketRef, user: Option<&str>) {
        self.sessions.fetch_sub(1, Ordering::Relaxed);
        let Some(user) = user else { return };
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if users.get(user).is_some_and(|newest| newest.id == socket.id) {
            users.remove(user);
        }
    }

    pub fn users(&self) -> usize {
        self.users.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    fn socket_of(&self, user: &str) -> Result<SocketRef, ZoomError> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.get(user).cloned().ok_or_else(|| ZoomError::new("not_connected", "The user is not connected"))
    }

    /// The host's token first, then everybody's at once.
    pub async fn distribute(
        self: &Arc<Self>,
        host: &SocketRef,
        distribute: Distribute,
    ) -> Result<Value, ZoomError> {
        let Distribute { meeting_id, host_user_id, participant_user_ids } = distribute;
        let zak = self.zoom.zak(&host_user_id).await?;
        let started = json!({
            "meetingId": meeting_id, "zakToken": zak.token, "expiresIn": zak.expires_in, "timestamp": now(),
            "expiresAt": moment(zak.expires_at),
        });
        // A host that has left misses it; the distribution goes on.
        host.emit("meeting:started", &started).ok();
        let distribution = self.distributions.fetch_add(1, Ordering::Relaxed).to_string();
        let rows = self.deliver_to_all(&meeting_id, &distribution, participant_user_ids).await;
        let failed = rows.iter().filter(|row| matches!(row.status, Status::Failed));
        let failed: Vec<_> = failed.map(|row| &row.user_id).collect();
        Ok(json!({
            "meetingId": meeting_id, "distributionId": distribution, "hostUserId": host_user_id,
            "total": rows.len(), "successful": rows.len() - failed.len(), "failed": failed.len(), "pending": 0,
            "failedUsers": failed, "pendingUsers": [], "participants": rows, "timestamp": now(),
        }))
    }

    async fn deliver_to_all(
        self: &Arc<Self>,
        meeting: &str,
        distribution: &str,
        users: Vec<String>,
    ) -> Vec<Row> {
        let meeting: Arc<str> = meeting.into();
        let mut deliveries = JoinSet::new();
        for (number, user) in users.into_iter().enumerate() {
            let (hub, meeting) = (Arc::clone(self), Arc::clone(&meeting));
            let delivery = format!("{distribution}-{number}");
            deliveries.spawn(async move {
                match hub.deliver(&user, &meeting, delivery).await {
                    Ok(confirmed) => Row::delivered(user, confirmed),
                    Err(failure) => Row::failed(user, failure),
                }
            });
        }
        deliveries.join_all().await
    }

    /// Mints a token for a participant who is there, and hands it over if they still are.
    async fn deliver(
        &self,
        user: &str,
        meeting: &str,
        delivery: String,
    ) -> Result<Arc<AtomicBool>, ZoomError> {
        self.socket_of(user)?;
        let minted = self.zoom.obf(user, meeting).await?;
        let socket = self.socket_of(user)?;
        let confirmed = Arc::<AtomicBool>::default();
        let credentials = Credentials::new(meeting, user, &minted, Some(&delivery));
        if let Some(unconfirmed) = socket.extensions.get::<Unconfirmed>() {
            let mut unconfirmed = unconfirmed.lock().unwrap_or_else(PoisonError::into_inner);
            unconfirmed.insert(delivery.clone(), Arc::clone(&confirmed));
        }
        let emitted = socket.emit("meeting:credentials", &credentials);
        emitted.map_err(|error| ZoomError::new("not_connected", error.to_string()))?;
        Ok(confirmed)
    }
}
