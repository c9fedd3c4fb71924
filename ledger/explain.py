"""What each stable code means and what to do about it, for `chip-ledger explain CODE`.

Codes of findings are explained where the verifier names them; this adds the codes of errors.
"""

from typing import Final

from ledger.errors import Unknown
from ledger.terms import meant
from ledger.verification import CODES as FINDINGS

ERRORS: Final[dict[str, str]] = {
    "ACN_FORM": "An application control number is one letter and six digits (15 CFR 748.6(b)).",
    "ADMIN_MISSING": "A ledger is opened by key administrators: init needs at least one --admin.",
    "ALGORITHM_UNKNOWN": "The signature algorithm is not one of the six this program knows.",
    "ALREADY_DECIDED": "An application is decided once; the ledger already holds another decision.",
    "ALREADY_SAID": "The same id already says something else. Facts are put right by adding:"
    " void or change what stands, or use another id.",
    "ANCHOR_FORM": "The trust anchor file does not have its lines origin, log and opening.",
    "AUTHORITY_FORM": "A shipment names a license when, and only when, it relies on one.",
    "BEYOND_APPLICATION": "No more may be granted than was applied for.",
    "CAP_EXCEEDED": "The license would take more TPP than the country's allocation has left."
    " The message shows cap, reserved and drawn; quotas shows every country.",
    "CASE_DAMAGED": "A file in the ZIP does not have the checksum that the ZIP says.",
    "CASE_EMPTY": "A case is about flags that stand, or about subjects the ledger speaks of.",
    "CASE_FORM": "A case file is a ZIP of the files docs/formats.md lists, each once and no other.",
    "CASE_INVALID": "No case file is made of what does not verify: the ledger was altered.",
    "CASE_UNCOVERED": "Each entry of a case has a proof on one checkpoint, so that one covers all.",
    "CHECKPOINT_MISSING": "Nothing can be proved before a checkpoint is signed.",
    "CHIP_NOT_CONTROLLED": "The chip is outside ECCN 3A090 by its own numbers, so no license"
    " under 3A090 covers it. chips shows how each chip is classified. Another rule may ask for a"
    " license all the same, as a letter of 2025 did for H20 (cn-h20-letter-2025): the chip cannot"
    " stand on an application here, and its shipment without a license is warned of and flagged.",
    "CHIP_UNKNOWN": "The chip is not in the catalogue; chips lists it.",
    "CODE_UNKNOWN": "No error or finding has that code.",
    "COMMAND_UNKNOWN": "A line of an import file names a command that there is not.",
    "CONDITION_FORM": "A condition on a license is written NAME=TEXT.",
    "CONFLICT": "Somebody else was first. Nothing was recorded; type the command again.",
    "CONSISTENCY": "The hashes do not show that the later log begins with the earlier one.",
    "COUNTRY_UNKNOWN": "Countries are ISO 3166-1 alpha-2 codes. An unknown code is an error and"
    " never a tier 2 country by accident.",
    "CSV_CELLS": "A row of a sheet has more or fewer cells than its header names.",
    "CSV_HEADER": "The header lacks a column, names one twice, or names one nobody reads.",
    "CSV_NUMBER": "Units are whole chips, and a value is an amount in US dollars.",
    "DATABASE": "The database did not answer, or answered with an error of its own.",
    "DATES_ORDER": "Two dates contradict each other: one thing cannot come before the other.",
    "DATE_FORM": "Dates are written like 2025-11-19.",
    "DATE_FUTURE": "The command reports something as done on a day that has not come.",
    "DIFF_SAME": "A difference has two sides: two days, two entries, or two policies.",
    "DISK_FULL": "The disk is full. The transaction was rolled back: nothing is half recorded.",
    "DRIVER_MISSING": "The database needs a driver that is not installed.",
    "DUPLICATE_MEMBER": "A member stands twice on a line, and says two things.",
    "ECCN_FORM": "An Export Control Classification Number reads like 3A090.a.",
    "ENTRY_MISSING": "The ledger has no entry of that number.",
    "ENTRY_TOO_LONG": "An entry has at most 60,000 bytes; attach documents by their digest.",
    "EXPIRY_UNKNOWN": "No pack in force says how long such a license lives: give the day.",
    "FIELDS": "A field is missing, unknown or out of bounds; docs/events.md lists them all.",
    "FILE_EXISTS": "Nothing is written over a file that is there, unless --force says so.",
    "FILE_FORM": "The file is neither JSONL (.jsonl) nor CSV (.csv).",
    "FLAG_AMBIGUOUS": "Several flags begin with these characters.",
    "FLAG_UNKNOWN": "No flag stands under that id, under the rules asked for.",
    "FOLDER_MISSING": "A file is written into a folder that is there.",
    "ID_FORM": "Ids are at most 64 letters, digits, dots, dashes and underscores.",
    "ITN_FORM": "An Internal Transaction Number is X and 14 digits.",
    "KEYS_FOLDER_EXISTS": "The folder for new keys is already there; keys are never written over.",
    "KEY_ENROLLED": "A key is enrolled once; a holder who needs another makes a new one.",
    "KEY_FILE": "The file is not a private key this program wrote, or it is damaged.",
    "KEY_FILE_EXISTS": "Key files are never written over.",
    "KEY_FILE_MISSING": "There is no key file at that path or of that name.",
    "KEY_KIND": "The private key is of a kind no ledger accepts.",
    "KEY_NOT_NAMED": "Every entry is signed: name a key with --key or CHIP_LEDGER_KEY.",
    "KNOWN_AT_FORM": "--known-at takes an entry number or an instant in UTC.",
    "LAST_ADMINISTRATOR": "Without any key administrator nobody could enroll a key again.",
    "LEAF_MISSING": "Entries the Merkle tree counts are not in the database.",
    "LEDGER_DAMAGED": "The database holds what no ledger wrote: it was damaged, or altered past its"
    " triggers. verify names what it can still read; a copy that verifies replaces it.",
    "LEDGER_EXISTS": "init makes a ledger only where none is.",
    "LEDGER_LOCKED": "Another process held the write lock for too long. Nothing was recorded.",
    "LEDGER_MISSING": "No ledger is there, and only init makes one.",
    "LEDGER_PLACE": "A ledger is a file, named by its path, or a database, named by a URL such as"
    " postgresql://user@host/database.",
    "LICENSE_UNKNOWN": "No application of that id is in the ledger.",
    "LINES_TWICE": "A license holds each chip on one line, or its units would be counted twice.",
    "LINE_FORM": "A line of an import file could not be read as one command.",
    "LINE_TOO_LONG": "A line of an import file is longer than any command.",
    "LOG_KEY": "The log key is the Ed25519 key that signs checkpoints.",
    "MALFORMED": "A value could never be right.",
    "NOT_A_LEDGER": "Something is there, and it is not a ledger of this program.",
    "NOT_AUTHENTIC": "Bytes are not what somebody signed.",
    "NOT_PERMITTED": "This key or role may not say that.",
    "NOT_SUSPECT": "Only entries made suspect by a revocation are reaffirmed.",
    "NOT_UTF8": "Text files are UTF-8.",
    "OFFER_FORM": "The file is not an offer of a key.",
    "OPENING_MISSING": "The first entry does not open a ledger.",
    "OPTION_UNUSED": "An option that stands before a verb and chooses nothing of it is refused, so"
    " that nobody takes its answer for a narrower one.",
    "ORIGIN": "What was signed is about a ledger of another name.",
    "ORIGIN_FORM": "An origin is a URL without its scheme, with no space and no plus sign.",
    "PACK_FLOAT": "A policy pack has whole numbers and decimal strings, and no floats.",
    "PACK_FORM": "The policy pack lacks a field, has one too many, or one of another type.",
    "PACK_SIZE": "A policy pack travels inside one entry and has at most 30,000 bytes.",
    "PACK_UNKNOWN": "No pack of that name is shipped with this program, and no file is there.",
    "PACK_UNSOURCED": "Every number in a pack stands beside its source.",
    "PARAMETER_UNKNOWN": "What may be changed in a pack is named by its place: lpp.limit_tpp.",
    "PARAMETER_VALUE": "A value is changed into one of its own kind: a whole number, a date or a"
    " decimal.",
    "PASSPHRASES_DIFFER": "The passphrase was typed in two ways.",
    "PASSPHRASE_EMPTY": "A private key is never kept without a passphrase.",
    "PASSPHRASE_FILE": "The passphrase file is not there or cannot be read.",
    "PASSPHRASE_MISSING": "Nobody can be asked for the passphrase: set it or name its file.",
    "PASSPHRASE_WRONG": "The passphrase does not open the key.",
    "PICTURE_SUBJECT": "Only the route of a chip, named by its serial number, is drawn.",
    "PLOT_FORM": "A picture is drawn of a sweep, into a file that ends in .svg.",
    "POLICY_ID": "A pack is adopted under the id it gives itself.",
    "POLICY_SCENARIO": "A scenario can only be supposed, with --policy; no rules anybody issued.",
    "POLICY_SPEC": "Packs are supposed as PACK[:NAME=VALUE…][,PACK…].",
    "POLICY_UNKNOWN": "The pack was never adopted in this ledger.",
    "PROBE_LIBRARY": "The search for loopholes uses the package hypothesis, the extra probe.",
    "PROBE_UNCAPPED": "policy probe looks for ways around a country's cap, and there is none here.",
    "PROOF_ENTRY": "An inclusion proof is checked together with the entry's line.",
    "PROOF_FORM": "The file is not a proof this program wrote.",
    "PROOF_RANGE": "The proof asks for entries the ledger or the checkpoint does not have.",
    "QUANTITY": "A line is for at least one chip, and for no more than were ever made.",
    "QUARTER_FORM": "--quarter takes a calendar quarter, such as 2025Q3.",
    "READ_ONLY": "The database may not be written by this account.",
    "REFUSED": "The policy, a cap or the state of the matter does not allow it.",
    "REPLAY_DIFFERS": "Run again on the same entries, a signed replay comes out otherwise.",
    "REVIEW_FORM": "A snoozed flag has a day on which it returns, and no other has one.",
    "REVIEW_OTHER": "A review names the rule and the evidence of the flag it is about, or leaves"
    " them out: both stand on the flag.",
    "REVIEW_POLICY": "Review policy presumes denial for this destination or headquarters; an"
    " exception needs its grounds in --justification.",
    "REVIEW_REASON": "A flag is cleared for one of a closed list of reasons; the message names"
    " them.",
    "ROLE_UNKNOWN": "The role is not in the table that roles prints.",
    "ROTATION": "A key is rotated to a new key of the same person with the same roles.",
    "RULE_UNKNOWN": "No rule of that name raises red flags; the message names those that do.",
    "SAMPLE_SIZE": "No more sites can be drawn than are on the list, and at least one is.",
    "SAVE_FORM": "A view is saved as CSV, JSON lines, Parquet or SQLite, as the name ends.",
    "SHIPMENT_UNKNOWN": "No shipment of that id stands in the ledger.",
    "SIGN_FORM": "A signed replay is written into a file: --sign and --out belong together.",
    "STATEMENT_FORM": "The file is not one signed statement of that kind, in its one form.",
    "STOCK_UNKNOWN": "No entry speaks of a site of that id, or of chips that a party got or lost.",
    "SUBJECT_AMBIGUOUS": "Several subjects have that id: write license:ID or shipment:ID.",
    "SUBJECT_UNKNOWN": "Nothing in the ledger speaks of that.",
    "SWEEP_FORM": "A sweep varies one value of a pack: NAME=LOW..HIGH:STEPS.",
    "SWEEP_ONLY": "A sweep counts what would be stopped; --only is for a replay of one value.",
    "SYSTEM": "The operating system refused a file or a folder; the message repeats its words.",
    "UNEXPECTED": "Something went wrong that nobody foresaw.",
    "UNKNOWN": "Something named is not there.",
    "TIMESTAMP_FORM": "A timestamp is a reply by RFC 3161 that was granted, over the hash of the"
    " newest checkpoint as chip-ledger checkpoint prints it.",
    "UNREACHED": "A party outside this process did not answer.",
    "VERIFIER_KEY": "A verifier key is written as name+hash+base64.",
    "VIEW_UNKNOWN": "No view of that name is kept.",
}
"""Every code an error may carry that is not also a finding of the verifier."""


def explain(code: str) -> str:
    """What a code means; `Unknown` (CODE_UNKNOWN) where there is none."""
    found = ERRORS.get(code)
    if found is not None:
        return found
    if code in FINDINGS:
        meaning = FINDINGS[code]
        return f"{meaning[0].upper()}{meaning[1:]}."
    raise Unknown(
        f"no error has the code {code!r}",
        remedy=meant(code, [*ERRORS, *FINDINGS]) or "errors print theirs in brackets",
        code="CODE_UNKNOWN",
    )
