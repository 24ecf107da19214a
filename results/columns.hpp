#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "results/records.hpp"
#include "results/text_values.hpp"

/// The tables of a result file, declared once: recorder, reader, digest and the documentation's test all follow these.
namespace edgefuse::results {

/// What a column holds, in memory and in the file: 64-bit integers, 64-bit floats, UTF-8 strings, or one byte that
/// stands for a label.
enum class ColumnType : std::uint8_t { integer, number, text, label };

template <class Row>
struct Column {
  using Member = std::variant<std::int64_t Row::*, double Row::*, Seconds Row::*, Bytes Row::*, Joules Row::*,
                              SimTime Row::*, std::string Row::*, std::uint8_t Row::*, Outcome Row::*>;

  std::string_view name;
  Member member;
  std::string_view unit;  // "1" for counts, shares and losses
  std::string_view meaning;
  int since = 0;  // minor version of the schema that brought it: earlier files lack it
};

template <class Row>
struct TableSchema {
  std::string_view path;  // the group its columns lie in
  std::vector<Column<Row>> columns;
};

[[nodiscard]] TableSchema<ClientRow> client_table();
[[nodiscard]] TableSchema<RoundRow> round_table();
[[nodiscard]] TableSchema<PlanRow> plan_table();
[[nodiscard]] TableSchema<EvaluationRow> evaluation_table();
[[nodiscard]] TableSchema<FusionRow> fusion_table();
[[nodiscard]] TableSchema<ConflictRow> conflict_table();
[[nodiscard]] TableSchema<ConflictPairRow> conflict_pair_table();
[[nodiscard]] TableSchema<EventRow> event_table();

/// "returned", "lost", ... in the order of Outcome.
[[nodiscard]] std::vector<std::string> outcome_labels();

/// One column's values for some rows.
using ColumnData = std::variant<std::vector<std::int64_t>, std::vector<double>, TextValues, std::vector<std::uint8_t>>;

template <class Row>
[[nodiscard]] ColumnType type_of(const Column<Row>& column);
template <class Row>
[[nodiscard]] ColumnData gather(const Column<Row>& column, std::span<const Row> rows);
/// The inverse; `data` has the column's type and one value for each row.
template <class Row>
void scatter(const Column<Row>& column, const ColumnData& data, std::span<Row> rows);

}  // namespace edgefuse::results
