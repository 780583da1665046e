// The texts of --help: what each command promises, and examples. Constants of the command line
// (app/command_line). Thread: any.
#pragma once

namespace troupe::help_texts {

inline constexpr const char* description =
    "troupe: a real-time collaboration server for Yjs clients";

inline constexpr const char* precedence =
    "Sources of a value, each overriding the one before: the default, the file, the environment,\n"
    "--set. The environment variable of a key is TROUPE_ and its name in upper case, with two\n"
    "underscores for each dot: TROUPE_SERVER__PORT sets server.port, and\n"
    "TROUPE_CAF__SCHEDULER__MAX_THREADS sets caf.scheduler.max-threads.\n";

inline constexpr const char* general_footer =
    "Examples:\n"
    "  troupe serve                             the defaults: ws://127.0.0.1:3001\n"
    "  troupe serve --config node.yaml --set log.level=debug\n"
    "  TROUPE_SERVER__PORT=4000 troupe serve    the environment overrides the file\n"
    "  troupe check-config node.yaml            report every mistake without starting\n"
    "  troupe check-config node.yaml --print    print the effective configuration as YAML\n"
    "  troupe doc info document.bin             what is in a stored or captured update\n"
    "  troupe storage verify ./data             whether all stored documents can be read\n"
    "  troupe cluster members                   the nodes of a cluster, as one of them sees them\n"
    "  troupe import --from y-leveldb old --store ./data    take over the documents of a server\n"
    "  troupe healthcheck --config node.yaml    whether the node of this file is up\n"
    "  troupe inspect watch                     what a running node does, again and again\n"
    "\n"
    "troupe COMMAND --help explains a command and lists the keys. Exit code 2 means that the\n"
    "command line or the configuration is wrong; standard error has one line for each mistake.\n";

inline constexpr const char* doc_files =
    "A file holds one update of format v1 or v2, or a stream of v1 updates, each preceded by its\n"
    "length as varUint. The format is detected unless --format names it.\n";

inline constexpr const char* doc_examples =
    "Examples:\n"
    "  troupe doc info document.bin               sizes, clients, roots, missing updates\n"
    "  troupe doc json document.bin later.bin     apply several files to one document\n"
    "  troupe doc text document.bin --root content\n"
    "  troupe doc dump document.bin               struct by struct\n"
    "  troupe doc convert document.bin --to v2 -o document.v2.bin\n"
    "  troupe doc merge a.bin b.bin -o both.bin\n"
    "  troupe doc diff new.bin --since old.bin | troupe doc dump -\n"
    "\n"
    "troupe doc COMMAND --help lists the options. Exit code 1 means that a file cannot be read or\n"
    "written, or is not an update; one line on standard error names the problem and the byte.\n";

inline constexpr const char* storage_rules =
    "The commands work on the directory of storage.path while no server has it open; one in use "
    "is\n"
    "refused. Only backup, restore and repair write, and none of them writes over anything.\n"
    "verify, stats and migrate also work on the database of storage.postgresql.url.\n"
    "Exit code 0: done, and nothing is damaged. 1: verify found damage (on the standard output), "
    "or\n"
    "repair found something to repair. 2: the command was refused; the standard error says why.\n";

inline constexpr const char* storage_examples =
    "Examples:\n"
    "  troupe storage stats ./data                 how many documents, how large, which are "
    "largest\n"
    "  troupe storage verify ./data                read everything and name each damage\n"
    "  troupe storage repair ./data --dry-run      what a repair would do, and what is lost\n"
    "  troupe storage repair ./data                save what can be read; the old store is kept\n"
    "  troupe storage backup ./data /backup/today  copy the store and check the copy\n"
    "  troupe storage restore /backup/today ./data put a backup in place, checked before\n"
    "  troupe storage migrate postgresql://db/x    make or upgrade the tables in PostgreSQL\n"
    "\n"
    "troupe storage COMMAND --help lists the options.\n";

inline constexpr const char* cluster_rules =
    "But for make-certificates, the commands ask the admin pages of a member, any of them. They "
    "need\n"
    "the admin token: in TROUPE_ADMIN_TOKEN, or in a file that --token-file names.\n"
    "Exit code 0: done. 1: the node refused, or did not answer. 2: the command was wrong.\n";

inline constexpr const char* cluster_examples =
    "Examples:\n"
    "  troupe cluster members --token-file data/n1/admin-token\n"
    "  troupe cluster add n4                       a node that runs and asks to be a member\n"
    "  troupe cluster add n2 10.0.0.9:4101         a member has another address now\n"
    "  troupe cluster leave n4                     it hands over its documents; then stop it\n"
    "  troupe cluster remove n3                    it is lost, with its data directory\n"
    "  troupe cluster make-certificates certificates --node n1 --node n2 --node n3\n"
    "\n"
    "troupe cluster COMMAND --help lists the options.\n";

inline constexpr const char* import_rules =
    "The store is one that no server has open: a directory, which is made if it does not exist, "
    "or\n"
    "the database of storage.postgresql.url, postgresql://USER@HOST/DATABASE. Documents that are "
    "in\n"
    "it already get what they lack, or are refused with --existing refuse. Running it again is\n"
    "safe; an interrupted import resumes that way. What was stored is read again and compared.\n"
    "Exit code 0: all documents are in the store. 1: some could not be read, or were refused; the\n"
    "standard output says which and why. 2: it did not begin, or ended early.\n";

inline constexpr const char* import_examples =
    "Examples:\n"
    "  troupe import --from y-leveldb ./old --store ./data --dry-run\n"
    "  troupe import --from hocuspocus-sqlite db.sqlite --store ./data\n"
    "  troupe import --from updates ./folder --store ./data    a file for each document\n"
    "  troupe import --from postgres-bytea postgresql://app@db/app documents --store ./data\n"
    "  troupe import --from y-websocket ws://127.0.0.1:1234 names.txt --store ./data\n";

inline constexpr const char* export_rules =
    "Writes a file for each document: its state as one Yjs update of format v1, with the name of\n"
    "the document, %XX for special characters, and .bin. The store is one that no server has "
    "open.\n"
    "Exit code 0: all documents are there. 1: some are not; the standard output says which and "
    "why.\n"
    "2: it did not begin, or ended early.\n";

inline constexpr const char* healthcheck_rules =
    "Exit code 0: the node is well. 1: it is not, or does not answer within 5 s; standard error "
    "says\n"
    "why. 2: the command or the configuration is wrong.\n";

inline constexpr const char* inspect_rules =
    "The commands ask a running node at its inspection port (inspect.port), which is open to this\n"
    "machine only, or wants a certificate of the cluster (cluster.tls): then --config names the\n"
    "configuration of one of its nodes. Looking costs the node little, and changes nothing.\n"
    "Exit code 0: done. 1: no node answers; standard error says why. 2: the command was wrong.\n";

inline constexpr const char* inspect_examples =
    "Examples:\n"
    "  troupe inspect nodes                        the node, and its cluster as it sees it; the\n"
    "                                              same without a command\n"
    "  troupe inspect sessions --sort queue        who reads too slowly\n"
    "  troupe inspect documents --limit 100 --json\n"
    "  troupe inspect document notes/today\n"
    "  troupe inspect actors --at 127.0.0.1:3103   another node on this machine\n"
    "  troupe inspect watch                        all of it, every two seconds\n"
    "\n"
    "troupe inspect COMMAND --help lists the options.\n";

inline constexpr const char* repair_rules =
    "The old store is never changed. What can be read goes into a new store, which is checked, "
    "takes\n"
    "the name of the old one, and leaves that one beside it as PATH.before-repair-DATE. A "
    "document\n"
    "that cannot be read whole is put together from its checkpoints and records that can be read;\n"
    "before that, its bytes are written to PATH.raw-DATE as they are. A store without damage "
    "stays\n"
    "as it is. Clients that still have what was lost bring it back when they connect.\n";

}  // namespace troupe::help_texts
