#include "results/result_file.hpp"

#include <sys/stat.h>

#include <utility>

#include <fmt/format.h>

#include "results/column_file_internal.hpp"
#include "results/file_digest_internal.hpp"
#include "results/schema_version.hpp"
#include "sim/error.hpp"

namespace edgefuse::results {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, std::string problem, std::string remedy) {
  throw InputError{Mistake{file.string(), 0, "", std::move(problem), std::move(remedy)}};
}

/// Reads what this program knows of an open file.
class Reader {
 public:
  explicit Reader(hid_t file) : file_{file} {}

  RunHeader header() const {
    return {.name = hdf5::read_text_attribute(file_, "name"),
            .question = hdf5::read_text_attribute(file_, "question"),
            .scenario_written = hdf5::read_text(file_, "/scenario/written"),
            .scenario_resolved = hdf5::read_text(file_, "/scenario/resolved"),
            .seed = static_cast<std::uint64_t>(hdf5::read_integer_attribute(file_, "seed")),
            .fidelity = hdf5::read_text_attribute(file_, "fidelity"),
            .clients = 0,
            .event_phases = read_labels(file_, "/events/phase"),
            .event_kinds = read_labels(file_, "/events/kind")};
  }

  Provenance provenance() const {
    const hdf5::Handle group{H5Gopen2(file_, "/provenance", H5P_DEFAULT), H5Gclose, "/provenance is missing"};
    return {.edgefuse_version = hdf5::read_text_attribute(group.id(), "edgefuse_version"),
            .git = hdf5::read_text_attribute(group.id(), "git"),
            .compiler = hdf5::read_text_attribute(group.id(), "compiler"),
            .libtorch_version = hdf5::read_text_attribute(group.id(), "libtorch_version"),
            .cpu = hdf5::read_text_attribute(group.id(), "cpu"),
            .threads = hdf5::read_integer_attribute(group.id(), "threads"),
            .started = hdf5::read_text_attribute(group.id(), "started"),
            .wall_time = Seconds{hdf5::read_number_attribute(group.id(), "wall_seconds")},
            .scenario_file = hdf5::read_text_attribute(group.id(), "scenario_file"),
            .command = hdf5::read_text_attribute(group.id(), "command")};
  }

  template <class Row>
  std::vector<Row> table(const TableSchema<Row>& schema) const {
    std::vector<Row> rows;
    for (const auto& column : schema.columns) {
      const auto path = fmt::format("{}/{}", schema.path, column.name);
      if (column.since > 0 && H5Lexists(file_, path.c_str(), H5P_DEFAULT) <= 0) continue;  // an earlier file
      const auto data = read_column(file_, path, type_of(column));
      const auto count = std::visit([](const auto& values) { return values.size(); }, data);
      if (&column == &schema.columns.front()) rows.resize(count);
      if (count != rows.size()) throw hdf5::Error{fmt::format("the columns of {} differ in length", schema.path)};
      scatter<Row>(column, data, rows);
    }
    return rows;
  }

 private:
  hid_t file_;
};

/// Labels are codes into lists: a code past the end, or other outcomes than ours, would be misread.
void check_labels(hid_t file, const ResultFile& result) {
  if (read_labels(file, "/clients/plans/outcome") != outcome_labels()) {
    throw hdf5::Error{"/clients/plans/outcome has other labels"};
  }
  for (const auto& event : result.events) {
    if (event.phase >= result.header.event_phases.size() || event.kind >= result.header.event_kinds.size()) {
      throw hdf5::Error{"/events has a code without a label"};
    }
  }
  for (const auto& plan : result.plans) {
    if (static_cast<std::size_t>(plan.outcome) >= outcome_labels().size()) {
      throw hdf5::Error{"/clients/plans/outcome has a code without a label"};
    }
    const auto clients = static_cast<std::int64_t>(result.clients.size());
    if (plan.client < 0 || (clients > 0 && plan.client >= clients)) {
      throw hdf5::Error{"/clients/plans names a client that is not there"};
    }
  }
}

ResultFile read_open(hid_t file, const std::filesystem::path& path) {
  const Reader reader{file};
  ResultFile result;
  result.header = reader.header();
  result.complete = hdf5::read_integer_attribute(file, "complete") != 0;
  if (result.complete) result.provenance = reader.provenance();
  result.clients = reader.table(client_table());
  result.header.clients = H5Aexists(file, "clients") > 0 ? hdf5::read_integer_attribute(file, "clients")
                                                         : static_cast<std::int64_t>(result.clients.size());
  result.plans = reader.table(plan_table());
  result.rounds = reader.table(round_table());
  result.evaluation = reader.table(evaluation_table());
  result.fusion = reader.table(fusion_table());
  result.conflict = reader.table(conflict_table());
  result.conflict_pairs = reader.table(conflict_pair_table());
  result.events = reader.table(event_table());
  check_labels(file, result);
  result.digest = hdf5::read_text_attribute(file, "digest");
  if (const auto computed = digest_of(file); computed != result.digest) {
    refuse(
        path,
        fmt::format("its content was changed: it states digest {:.12}..., and has {:.12}...", result.digest, computed),
        "run its scenario again");
  }
  return result;
}

/// Versions 1.x only add to what 1.0 has, and the digest covers whatever was added.
bool is_known_version(std::string_view version) {
  return version.starts_with("1.");
}

ResultFile read_once(const std::filesystem::path& path) {
  const hdf5::Silence silence;
  try {
    const auto file = hdf5::open_to_read(path);
    if (H5Aexists(file.id(), "filetype") <= 0 || hdf5::read_text_attribute(file.id(), "filetype") != file_type) {
      refuse(path, "is HDF5, but no result of edgefuse", "name a file that edgefuse run has written");
    }
    if (const auto version = hdf5::read_text_attribute(file.id(), "schema_version"); !is_known_version(version)) {
      refuse(path, fmt::format("has schema version {}, and this edgefuse reads 1.x", version),
             "read it with the edgefuse that wrote it, or a newer one");
    }
    return read_open(file.id(), path);
  } catch (const hdf5::Error& error) {
    refuse(path, fmt::format("is damaged or cut short: {}", error.what()), "run its scenario again");
  }
}

/// Which file has this name at the moment: a running recorder exchanges it at every commit.
std::pair<dev_t, ino_t> identity(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    refuse(path, "cannot be read", "name a result file, such as results/runs/quickstart.h5");
  return {status.st_dev, status.st_ino};
}

}  // namespace

ResultFile read_result(const std::filesystem::path& file) {
  constexpr int most_tries = 20;
  for (int tries = 1;; ++tries) {
    const auto before = identity(file);
    if (std::filesystem::is_directory(file)) refuse(file, "is a folder", "name the result file in it");
    const hdf5::Silence silence;
    if (H5Fis_hdf5(file.c_str()) <= 0) {
      refuse(file, "is no HDF5 file", "name a result file, such as results/runs/quickstart.h5");
    }
    try {
      return read_once(file);
    } catch (const InputError&) {
      // What was read may have become the draft of a run that is still going on; then another file has the name now.
      if (tries == most_tries || identity(file) == before) throw;
    }
  }
}

}  // namespace edgefuse::results
