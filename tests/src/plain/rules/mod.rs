//! I am the table of the rules: each has a function that says whether a record keeps it, given what came before.

mod begin;
mod data;
mod frame;
mod object;
mod order;
mod shared;
mod types;
mod volume;

use super::bytes::Rec;
use super::past::Past;

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, as the verifier under test says it.
    pub name: &'static str,
    when: When,
    keeps: fn(&Past, &Rec<'_>) -> bool,
}

/// When a rule can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// With the record itself.
    Header,
    /// With its payload.
    Payload,
}

/// The rules that a record breaks.
pub(super) fn broken(past: &Past, record: &Rec<'_>, when: When) -> Vec<&'static str> {
    let rules = RULES.iter().filter(|rule| rule.when == when);
    rules.filter(|rule| !(rule.keeps)(past, record)).map(|rule| rule.name).collect()
}

const fn rule(name: &'static str, keeps: fn(&Past, &Rec<'_>) -> bool) -> Rule {
    Rule {
        name,
        when: When::Header,
        keeps,
    }
}

const fn rule_of_payload(name: &'static str, keeps: fn(&Past, &Rec<'_>) -> bool) -> Rule {
    Rule {
        name,
        when: When::Payload,
        keeps,
    }
}

/// All rules; one that looks at a record and at its payload is two.
pub const RULES: &[Rule] = &[
    rule("record-length", frame::record_length),
    rule("record-filler", frame::record_filler),
    rule("record-pad", frame::record_pad),
    rule("record-guid", frame::record_guid),
    rule("begin-reserved", begin::reserved),
    rule("begin-features", begin::features),
    rule("begin-microzap", begin::microzap),
    rule("begin-objset", begin::objset),
    rule("begin-flags", begin::flags),
    rule("begin-guid", begin::guid),
    rule("begin-base", begin::base),
    rule("begin-name", begin::name),
    rule("begin-length", begin::length),
    rule_of_payload("begin-payload", begin::payload),
    rule_of_payload("begin-keys", begin::keys),
    rule_of_payload("begin-raw", begin::raw),
    rule_of_payload("raw-metadnode", begin::metadnode),
    rule("begin-raw-spill", begin::raw_spill),
    rule_of_payload("begin-resuming", begin::resuming),
    rule_of_payload("begin-redacted", begin::redacted),
    rule("gate-target", begin::gate_target),
    rule("gate-base", begin::gate_base),
    rule("gate-type", begin::gate_type),
    rule("gate-raw", begin::gate_raw),
    rule("gate-package", begin::gate_package),
    rule("write-byref", shared::write_byref),
    rule("object-number", shared::object_number),
    rule("object-type", shared::object_type),
    rule("block-size", shared::block_size),
    rule("large-block", shared::large_block),
    rule("offset", shared::offset),
    rule("extent", shared::extent),
    rule("checksum", shared::checksum),
    rule("compression", shared::compression),
    rule("compression-feature", shared::compression_feature),
    rule("compressed-size", shared::compressed_size),
    rule("plain-crypto", shared::plain_crypto),
    rule("record-flags", shared::record_flags),
    rule("bonus-pair", object::bonus_pair),
    rule("dnode-slots", object::dnode_slots),
    rule("bonus-length", object::bonus_length),
    rule("bonus-attributes", object::znode),
    rule_of_payload("bonus-attributes", object::attributes),
    rule("spill-flag", object::spill_flag),
    rule("object-plain", object::object_plain),
    rule("raw-order", shared::raw_order),
    rule("raw-bonus", object::raw_bonus),
    rule("raw-pointers", object::raw_pointers),
    rule("raw-indirect", object::raw_indirect),
    rule("raw-levels", object::raw_levels),
    rule("raw-last-block", object::raw_last_block),
    rule("object-in-range", object::object_in_range),
    rule("metadata-compressed", data::metadata_compressed),
    rule("spill-feature", data::spill_feature),
    rule("spill-compression", data::spill_compression),
    rule("spill-type", data::spill_type),
    rule("spill-announced", data::spill_announced),
    rule("embedded-feature", data::embedded_feature),
    rule("embedded-kind", data::embedded_kind),
    rule("embedded-size", data::embedded_size),
    rule("redact-feature", data::redact_feature),
    rule("free-length", data::free_length),
    rule("free-objects-range", data::free_objects_range),
    rule("range-raw", data::range_raw),
    rule("range-shape", data::range_shape),
    rule("volume-objects", volume::objects),
    rule("volume-kept", volume::kept),
    rule("volume-size", volume::size),
    rule_of_payload("volume-size", volume::says_size),
    rule("volume-whole", volume::whole),
    rule("order-object", order::object),
    rule("order-range", order::range),
    rule("order-free-objects", order::free_objects),
    rule("order-data", order::data),
    rule("data-announced", order::data_announced),
    rule("data-type", order::data_type),
    rule("data-block", order::data_block),
];
