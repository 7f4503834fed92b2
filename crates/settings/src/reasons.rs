//! Why a change of the settings, or a file, is not acceptable, beyond what the sections say.

diwan_kernel::phrases! {
    /// What this capability can say.
    pub REASONS:
    GONE = "file_gone", "it is gone; what it said is still in force";
    EMPTIED = "file_emptied", "it says nothing any more; what it said is still in force";
    LOCKED_VARIABLE = "locked_variable", "it is set by the variable {variable} and can only be changed there";
    LOCKED_FLAG = "locked_flag", "it is set by a flag on the command line and can only be changed there";
    NO_SECRET = "no_secret", "the vault holds no secret {name} that you may use";
    SECRET_AWAY = "secret_away", "the vault cannot say now whether it holds {name}";
    SHUT_OUT = "shut_out", "it would shut you out: you come from {address}, which is in none of these networks";
}
