"""Every maximum, each with its reason. Over a limit a clear answer is given; nothing is cut silently."""

from __future__ import annotations

# The front door
BODY_BYTES = 256 * 1024  # a lead is 2 KB; 256 KB leaves room for odd posters and none for floods
DEPTH = 10  # no lead system nests deeper than five
FIELDS = 300  # the widest known posting document has 180
FIELD_CHARACTERS = 2_000  # consent texts reach 1,500
FIELD_NAME_CHARACTERS = 120
RETURN_FILE_BYTES = 2 * 1024 * 1024  # that goes with a return: a picture or a short recording
REFERENCE_CHARACTERS = 100  # of a name that another system gives to what it asks
RETURN_ROWS = 20_000  # of one file of returns: what the largest buyer gives back in a month
RETURN_ROWS_AT_ONCE = 200  # are asked or decided while somebody waits for the answer: about a second
RETURN_ROWS_TOLD = 200  # of a long file: the first that are to be mended
NOTE_CHARACTERS = 500  # of a disposition or a settlement; a note is no letter
DISPOSITION_CHARACTERS = 60  # the longest word of any system for what became of a lead has forty
DISPOSITIONS_AT_ONCE = 500  # in one call; a larger list is a file
DISPOSITION_FILE_BYTES = 8 * 1024 * 1024  # of reports: some 50,000 rows
DISPOSITION_ROWS_AT_ONCE = 1_000  # are recorded while somebody waits for the answer: half a second
DISPOSITION_ROWS = 50_000  # of one file: what a large buyer reports in a month
REPORTS_AT_ONCE = 2_000  # in one reply or message of a buyer's system: as many as 256 KB hold
REPORT_SECONDS = 20.0  # of one page; a list is made while it is asked for
TOLD_PER_SECOND = 20.0  # messages of one buyer's system: each is a transaction
TOLD_BURST = 200
REPORT_PAGES = 1_000  # of one look into a buyer's system: a first look brings months
REPORT_TURN_SECONDS = 60.0  # of one turn of a look, which then makes room and goes on at its page
HASHED_SALES = 100_000  # sales of a buyer whose phones and addresses are hashed to find those of a file: 10 s
REQUEST_SECONDS = 15.0  # from the first byte to the last of a request
HEADER_LINE_BYTES = 8_190  # the request line, and each header; what most servers take
HEADERS = 100
IDEMPOTENCY_KEY_CHARACTERS = 255
KEEPALIVE_SECONDS = 75.0  # an idle client; above the 60 that posters' own pools use, so that they close first
LINGER_SECONDS = 1.0  # after an early refusal a client may still read its answer
LINGER_BYTES = 512 * 1024  # and may still send this much, unread
READ_BUFFER_BYTES = 64 * 1024  # per connection
PROBLEMS_TOLD = 100  # enough to mend any real post in one go
WRONG_FIELDS = 20  # of one request that live traffic lists and finds it by: its answer tells all
GOT_CHARACTERS = 80  # how much of a wrong value an error repeats
LEADS_AT_ONCE = 2_000  # that a person does something with: more is narrowed first, so that nobody waits a minute
VIEWS_OF_ONE = 100  # saved views of lists that one person keeps: more nobody finds again
VIEW_NAME_CHARACTERS = 60

# Time
TIMEOUT_MS_LEAST = 500
TIMEOUT_MS_MOST = 10_000
ANSWER_RESERVE_MS = 60  # kept back from a deadline for committing and writing the answer
BUSY_PAUSE_MS = 300  # before a post is tried once more at a buyer that said it was busy (429, 503)
POST_LEAST_MS = 200  # a post that has less than this left is not started

# The way out
REPLY_BYTES = 256 * 1024  # unpacked; more is hung up on
REPLY_HEADERS_BYTES = 32 * 1024
CONNECT_SECONDS = 2.0
MAIL_SECONDS_MOST = 120.0  # one mail from connecting to the answer; greylisting servers are slow, not this slow
FILE_SECONDS_MOST = 120.0  # one file from connecting to its name
MAIL_IDLE_SECONDS = 20.0  # a connection to a mail server is kept this long for the next mail
POOL_PER_BUYER = 64  # connections to one buyer at once
POOL_IDLE_SECONDS = 55.0  # most servers close at 60
POST_IDLE_SECONDS = 4.0  # a post uses only a connection that was used this recently: a stale one would be unclear
MAIL_BYTES = 1024 * 1024  # a lead with its page and logo; pictures are no lead
MAIL_PARTS = 40  # of one mail; a page with its pictures has a dozen
MAIL_HEADER_CHARACTERS = 1_000  # of one header are looked at; the standard gives a line 998
MAIL_LINE_BYTES = 64 * 1024  # the standard says 1,000; programs that write pages do not care
MAIL_SECONDS = 60.0  # of silence, or of one mail's bytes
MAIL_CONNECTIONS = 100  # senders at once
MAILS_A_MINUTE = 120  # of one source, unless its document says otherwise
CONVERSATION_STEPS = 8  # token, then post, then confirmation: four at most, and each once more with a new token
STEPS_BEFORE = 3  # messages before the one that counts
FAN_OUT = 200  # contracts pinged for one lead
REPLY_WIRE_FACTOR = 4  # as received: a body in very small chunks is framed by four times as much
FETCH_BYTES = 16 * 1024 * 1024  # of a list or feed: some 20,000 leads, and no more than one of them is held at a time
FETCH_SECONDS = 30.0  # a list is made while it is asked for
POOL_WAITING = 256  # messages that wait for a connection to one buyer; a burst is absorbed, a flood is not
ADDRESS_SECONDS = 30.0  # a resolved name is believed this long
ADDRESS_FAILURE_SECONDS = 3.0  # a failed look-up is not repeated sooner
ADDRESSES_TRIED = 3  # of one name, within CONNECT_SECONDS together
ADDRESSES_KEPT = 4_096  # resolved names remembered
TOKENS_KEPT = 4_096  # replies that serve for a while: one for each account at a buyer
TOKEN_SECONDS_MOST = 86_400  # and no longer than a day
HEADS_KEPT = 4_096  # request heads remembered; messages with changing headers are all different
BREAKER_IN_A_ROW = 5  # losses one after another that open the breaker
BREAKER_WINDOW = 20  # outcomes remembered per buyer
BREAKER_LOST = 15  # losses among them that open it
BREAKER_FAIR_MS = 200  # a timeout after less than this says nothing about the buyer
BREAKER_PAUSE_MS = 30_000  # before the first probe; doubles with each failed one
BREAKER_PAUSE_MOST_MS = 600_000
BREAKER_PROBE_MS = 60_000  # a probe that was never answered for is forgotten
LATENCIES_KEPT = 64  # answers per contract behind its p50 and p95

# Work inside
SOURCES_HELD = 5_000  # sub ids of a vertical whose standing is held, the largest; others are as their seller
BACKLOG = 2_048  # connections that the system keeps until they are accepted
RUNNING_REQUESTS = 400  # at once in one process; more get 503
ARRIVALS_WAITING = 10_000  # rows of refused requests not yet written; 4 MB, and a second of a flood
LISTED = 200  # entries on a page of a list of the API
LISTED_MOST = 1_000  # that a caller may ask for
WRITER_QUEUE = 20_000  # units waiting for the writer
WORKERS = 64  # of one `exchange serve`
WORKERS_OF_USE = 4  # that "auto" starts at most: by then the writer is as busy as one of them
RATES_SHARED = 8_192  # names whose rate all workers count together: campaigns twice, contracts; 2.4 MB
GROUP_UNITS = 256  # units in one commit
ANSWERS_UNREAD_BYTES = 4 * 1024 * 1024  # of a process that does not read; then its units wait
READ_SECONDS = 10.0  # a read that takes longer is ended: an open snapshot keeps the WAL growing
RULE_PATTERN_CHARACTERS = 500
RULE_INPUT_CHARACTERS = 65_536
JOB_ATTEMPTS = 12
JOBS_AT_ONCE = 32  # in one process; most of them wait for somebody else's server
JOBS_OF_A_KIND = 16  # of those, so that one kind cannot take all
JOB_DOWN_MS = 259_200_000  # three days a job waits for a destination that is down, then it is dead
DELIVERY_SECONDS = 150.0  # of one conversation beside a request: shorter than the lease of its job
BATCH_LEADS = 5_000  # in one file or mail: more go in the next
BATCH_SECONDS = 240.0  # of one turn of a batch, which comes back for the rest
QUEUE_REST_MS_MOST = 3_600_000  # what a destination may ask for; who asks for more is asked again after an hour
REPLAYED_AT_ONCE = 100  # dead jobs put back in one unit of work
ENDPOINTS = 20  # addresses that one party has told of events
REPLAYS = 10_000  # sends that one replay begins again: a day of a busy seller
URL_CHARACTERS = 2_000  # what browsers and servers agree on
WEBHOOKS_PER_SECOND = 50  # to one address
SAMPLES_KEPT = 100  # replies kept of one connection; all of them are read again when a rule is saved
SHAPES_KEPT = 100  # kinds of unmapped answers counted apart, per contract and stage; further ones count as one
WORDS_LISTED = 5_000  # words of buyers, those that nobody knows or those that were mapped, looked through at once
LOGO_BYTES = 300 * 1024  # a logo is on every page
LOGO_PIXELS = 2_000  # a side of it: a browser unpacks every pixel
IDEMPOTENCY_DAYS = 30
RAW_DAYS_PING = 14
RAW_DAYS = 180
TEST_DAYS = 30
MAP_DAYS = 30  # where people were seen is remembered at least this long

# Files of leads
IMPORT_BYTES = 64 * 1024 * 1024  # of one file: some 200,000 leads
IMPORT_ROWS = 500_000  # a dry run remembers every consumer of a file, 65 bytes each
IMPORTS_OPEN = 20  # of one campaign that are not over: a file that nobody starts lies on the disk until then
IMPORT_SECONDS = 600.0  # an upload over a slow line
SHEET_BYTES = 512 * 1024 * 1024  # of a spreadsheet, unpacked; zip bombs are larger
SHEET_MEMORY_BYTES = 2 * 1024 * 1024 * 1024  # of the process that reads one
SHEET_SECONDS = 120  # of that process's time
SFTP_CONNECTIONS = 50  # of senders at once
SFTP_STRANGERS = 10  # of one address that have not signed in: whoever holds more loses the oldest
SFTP_UPLOADS = 20  # of one session that are not closed yet, or wait for their real name
SFTP_LOGIN_SECONDS = 30
SFTP_IDLE_SECONDS = 60  # then a sender is asked whether it is still there
DROPS_A_POLL = 10  # files fetched in one look at a file server
FOLDER_ENTRIES = 20_000  # listed in a folder of a file server: a list without end would take all memory
COLUMN_ROWS = 200  # looked at to guess what a column is

# Sources
POLL_MS_LEAST = 10_000  # no feed or mailbox changes faster, and its owner may mind being asked more often
ITEMS_AT_ONCE = 100  # messages kept in one unit of work
ITEM_BYTES = 1024 * 1024  # of one message as it came; a lead by mail is 20 KB
PULL_OVERLAP_MS = 600_000  # rows are asked for again from this long before the last time: clocks differ, rows come late
SOURCE_QUEUES = 4  # leads of one source on their way at once

# Pages that move
STREAMS = 200  # open pages of one process that are told what happens; others ask every few seconds
STREAM_SECONDS = 600  # then a page asks again, and shows once more who it is

# Mail domains
MAIL_DOMAINS_KEPT = 50_000  # what the name service said of them; a day's leads name some thousands

# Tables of facts
TABLE_BYTES = 64 * 1024 * 1024  # unpacked; the ZIP codes take 4 MB, a list of every hoster's networks 10

# Suppression lists
LIST_BYTES = 2 * 1024 * 1024 * 1024  # of one file: thirty million SHA-256 in hex
LIST_LINE_CHARACTERS = 4_000
LIST_CHANGES = 50_000  # single changes of one list, then they are folded into its file
LISTS_OF_A_BUYER = 50

# Tests that a buyer sends to its own system
OWN_TESTS_A_MINUTE = 6  # whoever mends a receiver looks at each answer
OWN_TESTS_AT_ONCE = 10  # every sample once; more would be a tool to load somebody's server with

# People who sign in
PASSWORD_LEAST = 12  # characters: below, what leaks of hashes is guessed in days
PASSWORD_CHARACTERS = 200  # a sentence; working through more costs time that a flood would take
SIGN_IN_TRIES = 5  # in a row may be wrong, then each waits
SIGN_IN_WAIT_SECONDS = 15  # after the fifth; doubled by each further one
SIGN_IN_WAIT_SECONDS_MOST = 900  # nobody is shut out for longer by somebody who guesses
SIGN_IN_FORGET_SECONDS = 3_600  # after the last wrong try
STEP_SECONDS = 600  # from one step of a sign-in to the next
HASHED_AT_ONCE = 2  # passwords of one process: each takes 20 MB and a processor for 50 ms
SESSION_HOURS_MOST = 168  # a week
SESSIONS_SHOWN = 50
PASSKEYS_OF_A_USER = 20
NETWORKS = 50  # of an allow-list
REVEAL_SECONDS = 600  # that personal data stays in sight for whoever said why
KEY_DAYS_MOST = 3_650
