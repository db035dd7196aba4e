//! All rules, section by section of `docs/semantics.md`.

macro_rules! rules {
    ($($name:ident, $id:literal, $text:literal $(, $accident:literal)?;)*) => {
        /// A rule of synchronisation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = $text] $name,)* }

        impl Rule {
            /// All rules, in the order of the document.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its id: the section of the document, and a word.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it says.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The public accident that it prevents, if it was learnt from one: the project and the number of its issue.
            #[must_use]
            pub const fn accident(self) -> Option<&'static str> {
                match self { $(Self::$name => accident!($($accident)?),)* }
            }
        }
    };
}

macro_rules! accident {
    () => {
        None
    };
    ($accident:literal) => {
        Some($accident)
    };
}

rules! {
    // 0 Objects.
    AbsentSaysNothing, "0.absent", "An attribute that a record does not mention changes nothing.";
    NullSaysEmpty, "0.null", "An attribute that a record calls empty is a statement: the connection says that there is no value.";
    PartialOnlyAdds, "0.partial", "A partial record adds and changes claims of the attributes that it has, and takes none back.";
    ReservedForTheGone, "0.reserved", "User names and mail addresses of the gone are never given to another while they are retained.";
    // 1 Correlation.
    EmptyNeverEquals, "1.empty", "An empty or absent value matches nobody.";
    TiersInOrder, "1.tiers", "Tiers are tried in order, and a hit in one ends the search.";
    AmbiguousStops, "1.ambiguous", "Two candidates of a tier are a case for a person; a lower tier never breaks the tie.";
    AlreadyLinked, "1.already-linked", "A candidate that another object of the connection is linked to is a case for a person.";
    DisputedBoth, "1.disputed", "Two records of one run that want the same entity both wait; the first never wins.", "Zammad#4903";
    ReviewAsks, "1.review", "A rule for review proposes and does not link.";
    WeakNeverTakesOver, "1.weak", "A weak key alone never links to an account that no source made: somebody could take it over.", "eneo#443";
    KeySpaces, "1.key-space", "Keys are compared only within one key space.";
    SecondaryAccounts, "1.secondary", "A secondary account links beside the primary, is never disputed against it, and is disabled before it.";
    LinksAreSticky, "1.sticky", "A changed rule never correlates a linked object anew; `recorrelate` makes a plan of it.";
    AdoptNeverCreates, "1.adopt", "What exists at a destination on the first day is linked by an adopted plan, and orphans are never touched.";
    UnmatchedByAuthority, "1.unmatched", "A record that nobody matches creates only where its source may; elsewhere it is reported.";
    FirstDeliveryHeld, "1.first-delivery", "The first delivery to a destination waits for a person.";
    // 2 Mapping and precedence.
    StrengthWeak, "2.weak", "A weak rule gives a value only where there is none.";
    OnCreateOnce, "2.on-create", "A rule for creation is not applied again.";
    FailedExpressionIsACase, "2.error", "An expression that fails sets the record aside and names the rule; it is never an empty value.";
    AuthorityByOrder, "2.authority", "The first connection of the order that says something decides, never the last that spoke.";
    StaleClaimsYield, "2.max-age", "A claim older than its entry of the order allows counts no more.";
    OverrideFirst, "2.override", "An operator's value stands before all sources until it expires.";
    SeveredClaimsRetire, "2.retire", "Claims of a severed link no longer count.";
    ProvenanceOfValues, "2.provenance", "A source takes back only those of several values that it gave.";
    LifecycleAuthority, "2.lifecycle", "Who left is decided by the first authority of the lifecycle; a lower one keeps nobody alive.";
    EmploymentsOfOneSource, "2.any-active", "One of several employments of the same authority that ends makes no leaver.";
    UnmanagedIsKept, "2.unmanaged", "A mapping, attribute or connection that is removed clears nothing at destinations.";
    UniqueNames, "2.unique", "A generated name is taken by nobody, living or reserved, and is made once.";
    ReferencesRepaired, "2.references", "A reference to what does not exist yet is repaired when it does.", "Yuzu#2135";
    // 3 Leavers and joiners.
    DisableBeforeDelete, "3.grace", "Who leaves is disabled, and deleted at the earliest when the grace is over.";
    TimerLooksAgain, "3.timer", "A timer that fires looks again whether its reason still stands.";
    LocalEndOfDay, "3.zone", "A last day ends at midnight of its own time zone.";
    AnnouncedLeaver, "3.leaving", "Who leaves on a later day stays usable until then, and a withdrawn date cancels.";
    PendingStart, "3.pending", "Who starts later is made disabled, and enabled on the first day.";
    AbsenceConfirmed, "3.confirmations", "Absence counts when licensed scans of different versions confirm it, far enough apart.";
    SameVersionOnce, "3.versions", "The same version of a source read twice confirms once.";
    LeftScopeIsNoDelete, "3.left-scope", "What left base, filter or visible range is never a delete.";
    MissingLookedFor, "3.looked-for", "Whoever would leave because no scan shows him is looked for at the source first, and what may not be seen has not left.";
    RemovedConnectionFreezes, "3.freeze", "A connection that the operator removed makes no leavers.";
    SuspendedIsNoLeaver, "3.suspended", "Disabled at the source is suspended: no grace begins.";
    ManualDisableSurvives, "3.manual", "What an operator disabled is not enabled by a source.", "go-ldap-admin#151";
    ReturnCancels, "3.return", "Who returns before the delete is due cancels it.";
    ReturnIsKept, "3.back", "A return that no plan carried out is not forgotten because the record is missing again.";
    StillManaged, "3.managed", "Who was disabled stays managed, and the later delete is still sent.";
    ProtectedAccounts, "3.protected", "Protected accounts are never renamed, moved, disabled or deleted.";
    EmergencyDisable, "3.emergency", "An emergency disable goes ahead of every hold and lane.";
    PauseStops, "3.pause", "A paused connection is written to by nobody.";
    HoldingUnit, "3.holding", "People in an org unit that goes move to the holding unit first; nothing cascades.";
    DeleteNeedsApproval, "3.approval", "A due delete waits for a person unless the delivery says otherwise.";
    // 4 Guard.
    EffectiveOnly, "4.effective", "What is so already counts nothing.", "firezone#9373";
    BucketTrips, "4.trip", "More than floor, percentage or cap of one operation waits for a person.";
    ClearsByValue, "4.clear", "Each value that is emptied counts, whatever else its step does.";
    MembersByGroup, "4.members", "Removed members are judged group by group.";
    ShrinkGuard, "4.shrink", "A scan far smaller than the last licensed one has no licence.";
    EmptyGuard, "4.empty", "An empty source removes nobody without `--allow-empty`.";
    ApplySafe, "4.apply-safe", "What trips waits with all that depends on it, and the rest goes on.";
    HoldAll, "4.hold-all", "With `hold-all` everything waits.";
    RollingBudget, "4.rolling", "Operations of a day add up over runs and events.";
    AnnouncedApart, "4.announced", "Leavers announced a day ahead count apart.";
    HoldClears, "4.clears", "A hold whose reason is gone clears itself.";
    ApprovalBindsDigest, "4.digest", "An approval is for one digest, once, and expires.";
    FourEyes, "4.four-eyes", "With four eyes nobody approves a plan of his own.";
    DriftDropsTheStep, "4.drift", "A step whose before-state moved is dropped; the approval of the others stands.";
    HeldIsOwed, "4.owed", "What a destination was not told because it is held is planned again until it is told.";
    ChangeForcesPlan, "4.configuration", "A changed mapping, scope, authority or connector makes the next run a plan.";
    IncompleteRemovesNobody, "4.incomplete", "A scan that broke off says nothing about who is missing.";
    // 5 Full, delta, events.
    StaleNeverResurrects, "5.stale", "A page older than what is known neither overwrites nor resurrects.", "firezone#15024";
    CreatedDuringScan, "5.created", "What was made while a scan ran is not missing from it.";
    CursorWithPage, "5.cursor", "A cursor is stored with what it covers.";
    InvalidCursorRescans, "5.cursor-invalid", "A cursor that the source refuses means a full scan, never an empty answer.";
    FullOftenEnough, "5.full", "A full scan comes when the last is too old, and when connector, mapping or many parked records call for it.";
    DeltaSaysNothingElse, "5.delta", "A delta says nothing about what it does not mention.";
    HintsAreRead, "5.hints", "A hint changes nothing: the object is read.";
    NotFoundAfterHint, "5.not-found", "An object that is not found after a hint other than a delete is only absent.";
    HintsOnce, "5.once", "A repeated event is looked at once.";
    DriftReported, "5.drift", "What was changed by hand at a destination is reported, and repaired only where asked.";
    RestorePlansOnly, "5.restore", "After a restore every job only plans until a person applies.";
    VerificationReports, "5.verification", "A scheduled verification reports what events missed before it is planned.";
    // 6 Outbox.
    LevelTriggered, "6.level", "A destination gets the present state, never a recorded message.";
    OnlyPlanned, "6.planned", "A state that no applied plan fixed is not sent.";
    NewerReplaces, "6.coalesce", "A newer wish takes the place of one that waits.";
    OlderIsStated, "6.older", "Who takes the place of a wish that may have been done states everything, and whether it may be used.";
    LanesInOrder, "6.lanes", "Lanes are drained in order.";
    ParentsFirst, "6.parents", "Org units are made parents first and removed children first.";
    ReferencesAfter, "6.references", "References are sent when both ends exist.";
    CyclesQuarantined, "6.cycles", "A cycle of org units or groups is set aside; one of managers is data.";
    UniqueHandOver, "6.hand-over", "Who gives a unique value up is sent before who takes it; a swap waits for a person.";
    DependantsBlocked, "6.blocked", "What depends on a failed operation waits for it and is woken by its success.";
    MembersAsDeltas, "6.members", "Members are sent as additions and removals, never replaced.";
    ToldAgain, "6.again", "What a destination was told in a time is told again if a person asks: its present state, as a new operation.";
    // 7 Retries.
    Backoff, "7.backoff", "A transient failure is tried again, later each time.";
    SlowTrack, "7.slow", "After the quick tries come hours, then days, then the entry is parked.";
    RateLimitPausesBucket, "7.rate", "A rate limit pauses the bucket and costs no try.";
    LookBeforeCreate, "7.look-up", "A create without an answer is looked up before it is sent again.", "ssosync#13";
    WithdrawnLookedFor, "7.withdrawn", "What may have been made and is not wanted any more is looked for, and disabled.";
    ExistsCorrelates, "7.exists", "A create of what exists links to it if it is free, and waits for a person otherwise.";
    NotFoundOnDelete, "7.gone", "A delete of what is gone is done.";
    NotFoundOnDisable, "7.missing", "A disable of what is not found is never a success.";
    NotFoundOnUpdate, "7.recreate", "An update of what is not found is planned as a create if the delivery allows it.";
    ConflictReadsAgain, "7.conflict", "A version conflict is read again and tried once at once.";
    InvalidParks, "7.invalid", "A refused value parks at once, and a changed wish wakes it.";
    BreakerOnAuth, "7.breaker", "A refused credential opens the breaker of the connection at once.", "firezone#7757";
    BreakerOnFailures, "7.failures", "Many failures open the breaker; one probe at a time closes it.";
    TrapsGiveUp, "7.trap", "A connector that traps is tried twice more, then its breaker opens.";
    PartialIsNotOk, "7.partial", "A run with parked records is never ok.";
    // 8 Loops.
    OneDirection, "8.direction", "An attribute of a system that is read and written has one direction.";
    EchoIsNoEmployment, "8.employment", "Who is in a system only because we made him there is not kept, and does not leave, by its word.";
    EchoMakesNoClaims, "8.echo", "What comes back as it was sent makes no claims.";
    CreatedIsLinked, "8.created", "What the hub created is linked when it is read.";
    OriginNotSentBack, "8.origin", "A value is not sent to the only connection that said it.";
    NeverBackIntoTheSource, "8.write-back", "Presence in the hub never makes a person again in the source that removed him.", "Casdoor";
    OscillationFreezes, "8.oscillation", "A value that swings between two states is frozen.";
    // 9 Rename and move.
    JoinByImmutable, "9.join", "A rename of everything but the immutable id is an ordinary change.";
    PreviousIdFollows, "9.previous", "A connector that tells both ids of a rename keeps the link.";
    UnitMovesOnce, "9.move", "An org unit that moves is one operation; who is in it gets none.";
    RecreatedRelinks, "9.recreated", "Gone and new with the same strong key in one run is the same person.", "o365-moodle#3281";
    CaseOnlyRename, "9.case", "A change of case only is a rename.";
    // 10 Return.
    ReactivatesSame, "10.reactivate", "Who returns gets the same accounts again.";
    ReturnFindsOrCreates, "10.resolve", "A returner whose account is gone is looked up, and made only if nothing is found.", "better-auth#11111";
    RecycledIdHeld, "10.recycled", "A strong key with another name or hire date is a case for a person.";
    ReuseGuard, "10.reuse", "A match with somebody long gone is a case for a person.";
    // 11 Run.
    Resumes, "11.resume", "A killed process goes on where it was.";
    OneRunPerConnection, "11.one", "One run per connection; later triggers become one.";
    ClockNeverBack, "11.clock", "The time of policy never goes back.";
    ReadsBack, "11.verify", "A sample of what was sent is read back and compared.";
    // 12 Privacy.
    AuditChain, "12.audit", "Who did what is a chain of hashes that shows a change.";
    HistoryEnds, "12.retention", "History, runs, plans and tombstones are kept as long as their class says, and no longer.";
    ErasedStaysAway, "12.erased", "A record of an erased account is not taken up again.";
    EraseLeavesNothing, "12.erase", "An erased account leaves a hash and no value.";
    // 13 Pushed sources.
    PushIsStored, "13.stored", "What a client said is stored, and answered with success also where what follows from it is held.";
    PushIsNoScan, "13.no-scan", "Nothing is read from a pushed source, and who is not mentioned stays.";
    PushExpects, "13.expected", "A change that expects another version than the present one is not done.";
    FirstPushWins, "13.first", "Of two clients that make the same at once the first one does.";
    AmbiguousPushConflicts, "13.ambiguous", "Who may be somebody else is stored, set aside, and answered with a conflict that names the case.";
    PushedGoneAtOnce, "13.gone", "What a client removed is not there for it, though the account is in its grace.";
    // 14 Groups by rule.
    GroupFollows, "14.follows", "Who is in a group by rule follows the accounts in the plan that changes them.";
    GroupRuleChanged, "14.changed", "A rule that is new or changed is asked about every account.";
    GroupRuleFails, "14.error", "A rule that can not be applied to an account leaves its membership as it was, and is a case.";
    GroupWaitsWithAccounts, "14.waits", "A group waits with the changes of the accounts that it follows, and is asked for anew.";
    GroupForgetsTheGone, "14.gone", "Whoever is deleted is in no group by rule, whatever the rule says.";
    GroupIsKept, "14.kept", "A group whose rule is removed stays with its last members.";
    GroupIsOurs, "14.ours", "What a source says of a group by rule changes nothing in the hub.";
}
