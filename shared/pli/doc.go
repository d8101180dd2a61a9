// Package pli reads and writes the content of an envelope: a ZIP archive whose
// every byte follows from its manifest and its files.
//
// A pli is, in this order, with nothing between, before or after:
//
//  1. the entry "mimetype": the 68 bytes of [Prefix], the same in every pli;
//  2. the entry "pli.json": the [Manifest], strict JSON, sizes and CRC in its header;
//  3. the files in the manifest's order, stored, named as in the manifest, each
//     followed by a data descriptor with the signature PK\007\010;
//  4. the central directory, with one header for each entry in the same order;
//  5. the end records: those of ZIP64 where the directory starts at or beyond
//     0xFFFFFFFF, then the classic one, without a comment.
//
// Fixed fields (PKWARE APPNOTE 6.3.10, sections in brackets): method stored,
// time 1980-01-01 00:00 for every entry, made by Unix with mode 0100644. Flags
// are 0 for the first two entries and bits 3 and 11 (descriptor follows, UTF-8
// name) for files, whose local CRC and sizes are 0 [4.4.4]. A file of
// 0xFFFFFFFF bytes or more has version 45, sizes 0xFFFFFFFF and a ZIP64 extra
// field [4.5.3] of two zero sizes in its local header, a descriptor with
// 8-byte sizes [4.3.9.2], and its sizes in the ZIP64 extra field of its
// central header, followed by its offset when that too is 0xFFFFFFFF or more.
// Everything else has version 20 and no extra field.
//
// So a reader needs no random access and no guessing: it knows every byte but
// the files' own before it comes, and [Extractor] accepts no other. There is no
// room for hidden entries, for local headers that contradict the directory, or
// for a second reading of the same bytes. Ordinary ZIP tools open a pli.
package pli
