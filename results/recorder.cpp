#include "results/recorder.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "results/column_file_internal.hpp"
#include "results/digest.hpp"
#include "results/safe_file.hpp"
#include "results/schema_version.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::results {
namespace {

/// One column of the recorder: its rows that are not in the file yet, those that are in the file but not yet in the
/// draft, and the hash of all that ever were.
struct RecordedColumn {
  ColumnInfo info;
  std::vector<ColumnData> added;
  std::vector<ColumnData> committed;
  std::int64_t rows = 0;
  ValueHash hash;

  void add(ColumnData values) {
    hash.add(values);
    rows += std::visit([](const auto& all) { return static_cast<std::int64_t>(all.size()); }, values);
    added.push_back(std::move(values));
  }
};

template <class Row>
struct RecordedTable {
  TableSchema<Row> schema;
  std::vector<RecordedColumn> columns;

  RecordedTable(TableSchema<Row> table, const RunHeader& header) : schema{std::move(table)} {
    for (const auto& column : schema.columns) {
      ColumnInfo info{fmt::format("{}/{}", schema.path, column.name), type_of(column), column.unit, column.meaning, {}};
      if (info.path == "/events/phase") info.labels = header.event_phases;
      if (info.path == "/events/kind") info.labels = header.event_kinds;
      if (info.path == "/clients/plans/outcome") info.labels = outcome_labels();
      columns.push_back({std::move(info), {}, {}, 0, {}});
    }
  }

  void add(std::span<const Row> rows) {
    if (rows.empty()) return;
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i].add(gather(schema.columns[i], rows));
  }
};

/// All but the digest, which covers them.
std::vector<RootAttribute> root_attributes(const RunHeader& header, bool complete) {
  return {{"filetype", std::string{file_type}},
          {"schema_version", std::string{schema_version}},
          {"name", header.name},
          {"question", header.question},
          {"fidelity", header.fidelity},
          {"seed", static_cast<std::int64_t>(header.seed)},
          {"clients", header.clients},
          {"complete", std::int64_t{complete}}};
}

void write_root(hid_t file, const std::vector<RootAttribute>& attributes) {
  for (const auto& [name, value] : attributes)
    std::visit([&, key = name.c_str()](const auto& v) { hdf5::write_attribute(file, key, v); }, value);
}

void write_scenario(hid_t file, const RunHeader& header) {
  const auto scenario = hdf5::create_group(file, "/scenario");
  hdf5::write_text(scenario.id(), "written", header.scenario_written);
  hdf5::write_text(scenario.id(), "resolved", header.scenario_resolved);
}

void write_provenance(hid_t file, const Provenance& provenance) {
  const auto group = hdf5::create_group(file, "/provenance");
  hdf5::write_attribute(group.id(), "edgefuse_version", provenance.edgefuse_version);
  hdf5::write_attribute(group.id(), "git", provenance.git);
  hdf5::write_attribute(group.id(), "compiler", provenance.compiler);
  hdf5::write_attribute(group.id(), "libtorch_version", provenance.libtorch_version);
  hdf5::write_attribute(group.id(), "cpu", provenance.cpu);
  hdf5::write_attribute(group.id(), "threads", provenance.threads);
  hdf5::write_attribute(group.id(), "started", provenance.started);
  hdf5::write_attribute(group.id(), "wall_seconds", provenance.wall_time.value);
  hdf5::write_attribute(group.id(), "scenario_file", provenance.scenario_file);
  hdf5::write_attribute(group.id(), "command", provenance.command);
}

}  // namespace

struct Recorder::State {
  State(std::filesystem::path file, RunHeader run)
      : target{std::move(file)},
        header{std::move(run)},
        tables{RecordedTable{client_table(), header},        RecordedTable{plan_table(), header},
               RecordedTable{round_table(), header},         RecordedTable{evaluation_table(), header},
               RecordedTable{fusion_table(), header},        RecordedTable{conflict_table(), header},
               RecordedTable{conflict_pair_table(), header}, RecordedTable{event_table(), header}} {}

  SafeFile target;
  RunHeader header;
  std::tuple<RecordedTable<ClientRow>, RecordedTable<PlanRow>, RecordedTable<RoundRow>, RecordedTable<EvaluationRow>,
             RecordedTable<FusionRow>, RecordedTable<ConflictRow>, RecordedTable<ConflictPairRow>,
             RecordedTable<EventRow>>
      tables;
  bool complete = false;
  std::int64_t rounds_on_file = 0;

  template <class Action>
  void for_each_column(Action action) {
    std::apply([&](auto&... table) { (std::for_each(table.columns.begin(), table.columns.end(), action), ...); },
               tables);
  }

  template <class Row>
  void add(std::span<const Row> rows) {
    EDGEFUSE_EXPECTS(!complete, "a finished result takes no more rows");
    std::get<RecordedTable<Row>>(tables).add(rows);
  }

  std::string digest() {
    ValueHash scenario;
    scenario.add(header.scenario_resolved);
    std::vector<DatasetDigest> datasets = {{"/scenario/resolved", ColumnType::text, {}, 1, scenario.hex()}};
    for_each_column([&](const RecordedColumn& column) {
      datasets.push_back({column.info.path, column.info.type, column.info.labels, column.rows, column.hash.hex()});
    });
    return result_digest(root_attributes(header, complete), std::move(datasets));
  }

  [[nodiscard]] std::int64_t rounds() const { return std::get<RecordedTable<RoundRow>>(tables).columns.front().rows; }

  void create(hid_t file) {
    write_root(file, root_attributes(header, complete));
    write_scenario(file, header);
    std::apply([&](auto&... table) { ((void)hdf5::create_group(file, std::string{table.schema.path}.c_str()), ...); },
               tables);
    for_each_column([&](const RecordedColumn& column) { create_column(file, column.info); });
  }

  void write(const Provenance* provenance) {
    const auto draft = target.prepare();
    auto file =
        draft == SafeFile::Draft::empty ? hdf5::create_file(target.draft()) : hdf5::open_to_append(target.draft());
    if (draft == SafeFile::Draft::empty) create(file.id());
    for_each_column([&](RecordedColumn& column) {
      if (draft == SafeFile::Draft::one_behind) {
        for (const auto& values : column.committed)
          append_to_column(file.id(), column.info.path, values);
      }
      for (const auto& values : column.added)
        append_to_column(file.id(), column.info.path, values);
      column.committed = std::exchange(column.added, {});
    });
    hdf5::write_attribute(file.id(), "complete", std::int64_t{complete});
    hdf5::write_attribute(file.id(), "digest", digest());
    if (provenance != nullptr) write_provenance(file.id(), *provenance);
    file.close();
    target.publish();
    rounds_on_file = rounds();
  }

  /// HDF5's failures are the disk's, as far as a user is concerned.
  void commit(const Provenance* provenance) {
    const hdf5::Silence silence;
    try {
      write(provenance);
    } catch (const hdf5::Error& error) {
      throw RunError{fmt::format("{}: {}", target.file().string(), error.what())};
    }
  }
};

Recorder::Recorder(std::filesystem::path file, RunHeader header) {
  EDGEFUSE_EXPECTS(!header.event_phases.empty() && !header.event_kinds.empty(), "events have phases and kinds");
  state_ = std::make_unique<State>(std::move(file), std::move(header));
}

Recorder::~Recorder() = default;
Recorder::Recorder(Recorder&&) noexcept = default;
Recorder& Recorder::operator=(Recorder&&) noexcept = default;

void Recorder::add(std::span<const ClientRow> rows) {
  state_->add(rows);
}
void Recorder::add(std::span<const PlanRow> rows) {
  state_->add(rows);
}
void Recorder::add(std::span<const EvaluationRow> rows) {
  state_->add(rows);
}
void Recorder::add(std::span<const FusionRow> rows) {
  state_->add(rows);
}
void Recorder::add(std::span<const ConflictRow> rows) {
  state_->add(rows);
}
void Recorder::add(std::span<const ConflictPairRow> rows) {
  state_->add(rows);
}
void Recorder::add(std::span<const EventRow> rows) {
  state_->add(rows);
}
void Recorder::add(const RoundRow& row) {
  state_->add(std::span{&row, 1});
}

void Recorder::commit() {
  EDGEFUSE_EXPECTS(!state_->complete, "a finished result is committed already");
  EDGEFUSE_EXPECTS(state_->rounds() > 0, "a commit without a round would take an earlier result's place for nothing");
  state_->commit(nullptr);
}

void Recorder::finish(const Provenance& provenance) {
  EDGEFUSE_EXPECTS(!state_->complete, "a result is finished once");
  state_->complete = true;
  state_->commit(&provenance);
}

std::string Recorder::digest() const {
  return state_->digest();
}

const std::filesystem::path& Recorder::file() const {
  return state_->target.file();
}

std::int64_t Recorder::rounds_on_file() const {
  return state_->rounds_on_file;
}

const std::optional<std::filesystem::path>& Recorder::kept() const {
  return state_->target.kept();
}

}  // namespace edgefuse::results
