#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace edgefuse {

struct CsvRow {
  int line = 0;  // where the row begins, from 1
  std::vector<std::string> fields;
};

/// Comma-separated values after RFC 4180: fields in quotes may hold commas, doubled quotes and line breaks; spaces
/// count; empty lines do not. Where RFC 4180 allows no quote, one is taken as itself: in a field that does not begin
/// with one, and behind the quote that would have closed a field but is followed by no comma. `origin` is the file that
/// messages name. Throws InputError for a quote that opens a field and never closes.
[[nodiscard]] std::vector<CsvRow> parse_csv(std::string_view text, const std::filesystem::path& origin);

}  // namespace edgefuse
