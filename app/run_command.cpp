#include "app/run_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <ostream>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "app/agreed.hpp"
#include "app/exit_codes.hpp"
#include "app/mpi.hpp"
#include "app/option_values.hpp"
#include "app/run/assembly.hpp"
#include "app/run/experiment.hpp"
#include "app/run/provenance.hpp"
#include "app/run/rows.hpp"
#include "llm/threads.hpp"
#include "results/result_file.hpp"
#include "results/summary.hpp"
#include "results/table.hpp"
#include "scenarios/scenario.hpp"
#include "sim/error.hpp"
#include "sim/output_file.hpp"
#include "sim/sha256.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;
using Clock = std::chrono::steady_clock;

constexpr Usage usage = {
    "edgefuse run SCENARIO [--set KEY=VALUE]... [--out FILE] [--threads N] [--device cuda]",
    "Runs a scenario: virtual time, training, fusion, evaluation. Records every round and prints what came out.",
    "edgefuse run scenarios/quickstart.toml --set seed=2"};

po::options_description options() {
  po::options_description described{"options"};
  auto add = described.add_options();
  add("scenario", po::value<std::string>(), "the scenario file (the word \"scenario\" may be left out)");
  add("set", po::value<std::vector<std::string>>()->default_value({}, ""),
      "another value for a key, such as training.steps=20; may be given again");
  add("out", po::value<std::string>(), "the result file, instead of the scenario's");
  add("threads", po::value<std::int64_t>()->default_value(std::max(1U, std::thread::hardware_concurrency())),
      "gangs trained at the same time; results do not depend on it");
  add("device", po::value<std::string>()->default_value("cpu"), device_help);
  add("json", "print the result's summary as one JSON object");
  add("help", "print this help");
  return described;
}

scenarios::Scenario load(const po::variables_map& values) {
  if (!values.contains("scenario"))
    throw InputError{Mistake{.problem = "no scenario given", .remedy = "edgefuse run scenarios/quickstart.toml"}};
  return scenarios::load_scenario(values["scenario"].as<std::string>(), values["set"].as<std::vector<std::string>>());
}

/// One line that is written over and over, on a terminal only.
class ProgressLine {
 public:
  ProgressLine(std::ostream& err, bool wanted) : err_{err}, on_{wanted && ::isatty(STDERR_FILENO) == 1} {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& what) const {
    if (!on_) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start_).count();
    err_ << fmt::format("\r\033[K{:4d} s  {}", seconds, what) << std::flush;
  }
  void clear() const {
    if (on_) err_ << "\r\033[K" << std::flush;
  }

 private:
  std::ostream& err_;
  bool on_;
  Clock::time_point start_ = Clock::now();
};

/// Every process of a crew goes through the whole run; what the silent ones record goes here, and is gone with it.
struct Scratch {
  std::filesystem::path folder;  // empty in the process that speaks

  explicit Scratch(bool speaks) {
    if (!speaks) folder = std::filesystem::temp_directory_path() / fmt::format("edgefuse-{}", ::getpid());
  }
  ~Scratch() {
    std::error_code none;  // it may not have come to be
    if (!folder.empty()) std::filesystem::remove_all(folder, none);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

/// A line that says under which name an earlier result is kept, if there was one.
std::string where_the_earlier_is(const results::Recorder& recorder) {
  return recorder.kept() ? fmt::format("\nwhat was there before is kept as {}", recorder.kept()->string()) : "";
}

/// Where the conflict between the updates of the round that was evaluated last is drawn.
std::filesystem::path picture_of(const results::Recorder& recorder) {
  auto picture = recorder.file();
  return picture.replace_extension(".conflict.svg");
}

/// Does `work`, which records; should it fail, the error of the process that speaks says what is on file all the same.
void saying_what_is_on_file(const results::Recorder& recorder, std::int64_t rounds, bool speaks, const auto& work) {
  try {
    work();
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    if (!speaks) throw;
    const auto done = recorder.rounds_on_file();
    const auto rest =
        done > 0 ? fmt::format("{} holds what was done before: {} of {} rounds", recorder.file().string(), done, rounds)
                 : std::string{"nothing of this run is on file"};
    throw RunError{fmt::format("{}\n{}{}", error.what(), rest, where_the_earlier_is(recorder))};
  }
}

/// What has to be the same in all processes, or their results are a mixture: the program, the scenario, the data.
std::string fingerprint(const Assembly& assembly, const results::Provenance& provenance) {
  sim::Sha256 data;
  for (const auto& shard : assembly.task.shards)
    for (const auto& example : shard.examples)
      data.update(std::as_bytes(std::span{example.ids}));
  return fmt::format("edgefuse {} {}\n{}\n{}", provenance.edgefuse_version, provenance.git, data.hex(),
                     scenarios::resolved(assembly.scenario));
}

/// All that a run begins with; what is wrong with a scenario, its data, the device and the file is found on the way.
struct Beginning {
  llm::Crew crew;
  results::Provenance provenance;
  Assembly assembly;
  results::Recorder recorder;
};

Beginning begin(const Arguments& arguments, const po::variables_map& values, const MpiSession& mpi,
                const Scratch& scratch) {
  auto scenario = load(values);
  auto crew = mpi.crew(thread_count(values));
  crew.device = OptionValues{values}.device("device", scenario.training.recompute, crew.rank);
  // A gang fills a card; a second one beside it would only take its memory.
  if (!crew.device.is_cpu() && values["threads"].defaulted()) crew.workers = 1;
  llm::use_one_thread_per_gang();
  auto provenance = start_provenance(scenario, arguments, crew.workers);
  auto assembly = assemble(std::move(scenario), scenarios::default_assets());
  const auto& file = values.contains("out") ? values["out"].as<std::string>() : assembly.scenario.output.file;
  results::Recorder recorder{mpi.speaks() ? std::filesystem::path{file} : scratch.folder / "run.h5",
                             run_header(assembly.scenario)};
  return {std::move(crew), std::move(provenance), std::move(assembly), std::move(recorder)};
}

/// Runs the scenario from the first check to the printed table; `console` is that of the process that speaks.
void run(const Arguments& arguments, const po::variables_map& values, const MpiSession& mpi, Console console) {
  const auto started = Clock::now();
  const ProgressLine line{console.err, mpi.speaks()};
  line.show("putting the scenario together");
  const Scratch scratch{mpi.speaks()};
  auto began = agreed(mpi, [&] { return begin(arguments, values, mpi, scratch); });
  auto& assembly = began.assembly;
  auto& recorder = began.recorder;
  if (!mpi.alone()) require_same(mpi, fingerprint(assembly, began.provenance), "build, scenario and data");
  const bool draws = assembly.scenario.output.conflict && assembly.scenario.fidelity == scenarios::Fidelity::learning;
  saying_what_is_on_file(recorder, assembly.scenario.protocol.rounds, mpi.speaks(), [&] {
    Experiment experiment{std::move(assembly),
                          recorder,
                          {.crew = std::move(began.crew),
                           .progress = [&line](const std::string& what) { line.show(what); },
                           .notice = [&](const std::string& what) { line.clear(), console.err << what << std::endl; },
                           .picture = [&](const std::string& svg) { write_text_file(picture_of(recorder), svg); }}};
    experiment.run();
    began.provenance.wall_time = Seconds{std::chrono::duration<double>(Clock::now() - started).count()};
    recorder.finish(began.provenance);
  });
  line.clear();
  if (!mpi.speaks()) return;
  const auto summary = results::summarise(results::read_result(recorder.file()));
  console.out << (values.contains("json") ? results::to_json(summary) + "\n" : results::to_table(summary));
  console.err << fmt::format("\nrecorded in {}{}\n", recorder.file().string(), where_the_earlier_is(recorder));
  if (draws) console.err << fmt::format("conflict between updates drawn in {}\n", picture_of(recorder).string());
}

}  // namespace

int run_command(const Arguments& arguments, Console console) {
  po::positional_options_description positional;
  positional.add("scenario", 1);
  const auto described = options();
  const auto values = parse_options(usage, described, &positional, arguments, console);
  if (!values) return exit_done;
  const MpiSession mpi;
  std::ostream nowhere{nullptr};
  try {
    run(arguments, *values, mpi, mpi.speaks() ? console : Console{nowhere, nowhere});
  } catch (const InputError&) {
    if (mpi.speaks()) throw;  // every process has found the same mistakes, or been told
    return exit_wrong_input;
  } catch (const std::exception& error) {
    if (mpi.alone()) throw;
    // The others may wait for this process: nobody goes on without it.
    console.err << fmt::format("edgefuse failed: {}\n", error.what()) << std::flush;
    mpi.abort(exit_failed);
  }
  return exit_done;
}

}  // namespace edgefuse::app
