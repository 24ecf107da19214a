#include "results/recorder.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include <fmt/format.h>

#include "results/result_file.hpp"
#include "sim/error.hpp"
#include "tests/results/sample.hpp"
#include "tests/support/assets.hpp"
#include "tests/support/failing_calls.hpp"

namespace edgefuse::results {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder})
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// The name under which a result of this digest is kept when another takes its place.
fs::path kept(const fs::path& file, const std::string& digest) {
  return file.parent_path() / fmt::format("{}.{}.h5", file.stem().string(), digest.substr(0, 12));
}

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Runs `body` in a process of its own, which ends with code 1 when it throws.
pid_t in_child(const auto& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    body();
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

std::string refusal(const fs::path& file) {
  try {
    const Recorder recorder{file, sample::header()};
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Recorder, WhatGoesInComesOut) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto digest = sample::record(file, 3);
  const auto result = read_result(file);

  EXPECT_EQ(result.digest, digest);
  EXPECT_EQ(digest.size(), 64U);
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.header.name, "sample");
  EXPECT_EQ(result.header.scenario_written, sample::header().scenario_written);
  EXPECT_EQ(result.header.scenario_resolved, sample::header().scenario_resolved);
  EXPECT_EQ(result.header.event_kinds, sample::header().event_kinds);
  EXPECT_EQ(result.provenance.cpu, "a processor");
  EXPECT_EQ(result.provenance.wall_time, Seconds{1.25});

  ASSERT_EQ(result.clients.size(), 3U);
  EXPECT_EQ(result.clients[2].domain, "law+music");
  EXPECT_EQ(result.clients[2].memory, Bytes{4.5e9});
  ASSERT_EQ(result.rounds.size(), 3U);
  EXPECT_EQ(result.rounds[2].end.nanoseconds, 3'000'000'021);
  EXPECT_EQ(result.rounds[2].bytes_up, Bytes{3000});
  ASSERT_EQ(result.plans.size(), 6U);
  EXPECT_EQ(result.plans[4].parameters, 61000);
  EXPECT_EQ(result.plans[4].binding, "memory");
  EXPECT_EQ(result.plans[4].simulated, Seconds{1.75});
  EXPECT_EQ(result.plans[5].outcome, Outcome::lost);
  EXPECT_TRUE(std::isnan(result.plans[5].last_loss));
  ASSERT_EQ(result.evaluation.size(), 9U);
  EXPECT_EQ(result.evaluation[8].domain, "musique française");
  EXPECT_EQ(result.evaluation[7].value, 0.53);
  ASSERT_EQ(result.events.size(), 9U);
  EXPECT_EQ(result.events[8].actor, -1);
  EXPECT_EQ(result.events[8].kind, 1);
}

TEST(Recorder, MakesItsFolderAndLeavesOnlyTheResultThere) {
  const auto folder = testing::scratch_folder() / "new" / "folder";
  (void)sample::record(folder / "a.h5", 4);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"a.h5"});
}

TEST(Recorder, CommitsShowAtOnceAndUncommittedRowsDoNot) {
  const auto file = testing::scratch_folder() / "a.h5";
  Recorder recorder{file, sample::header()};
  recorder.add(sample::clients());
  EXPECT_FALSE(fs::exists(file)) << "before the first commit there is nothing to show";
  for (std::int64_t number = 1; number <= 5; ++number) {
    sample::add_round(recorder, number);
    recorder.commit();
    sample::add_round(recorder, 99);
    const auto so_far = read_result(file);
    EXPECT_EQ(so_far.rounds.size(), 2 * static_cast<std::size_t>(number) - 1);
    EXPECT_FALSE(so_far.complete);
  }
}

TEST(Recorder, DigestDoesNotDependOnCommitsOrProvenance) {
  const auto folder = testing::scratch_folder();
  const auto often = sample::record(folder / "a.h5", 3);
  Recorder recorder{folder / "b.h5", sample::header()};
  recorder.add(sample::clients());
  for (std::int64_t number = 1; number <= 3; ++number)
    sample::add_round(recorder, number);
  Provenance other;
  other.cpu = "another processor";
  recorder.finish(other);
  EXPECT_EQ(recorder.digest(), often);
  EXPECT_EQ(read_result(folder / "b.h5").digest, often);
}

TEST(Recorder, DigestDoesNotDependOnHowTheScenarioWasSpelled) {
  const auto folder = testing::scratch_folder();
  auto respelled = sample::header();
  respelled.scenario_written = "name = 'sample' # the same";
  EXPECT_EQ(sample::record(folder / "a.h5", 1), sample::record(folder / "b.h5", 1, respelled));
}

TEST(Recorder, DigestDependsOnEverythingElse) {
  const auto folder = testing::scratch_folder();
  const auto digest_of = [&](const RunHeader& header, auto change) {
    Recorder recorder{folder / "a.h5", header};
    auto plans = sample::plans(1);
    auto rounds = sample::round(1);
    change(plans.front(), rounds);
    recorder.add(plans);
    recorder.add(rounds);
    return recorder.digest();
  };
  const auto nothing = [](PlanRow&, RoundRow&) {};
  auto other_seed = sample::header();
  other_seed.seed = 8;
  auto other_kind = sample::header();
  other_kind.event_kinds.back() = "sent";
  const auto usual = digest_of(sample::header(), nothing);
  EXPECT_EQ(usual, digest_of(sample::header(), nothing));
  EXPECT_NE(usual, digest_of(other_seed, nothing));
  EXPECT_NE(usual, digest_of(other_kind, nothing));
  EXPECT_NE(usual, digest_of(sample::header(), [](PlanRow& plan, RoundRow&) { plan.binding = "time"; }));
  EXPECT_NE(usual, digest_of(sample::header(), [](PlanRow& plan, RoundRow&) { plan.outcome = Outcome::late; }));
  EXPECT_NE(usual, digest_of(sample::header(), [](PlanRow&, RoundRow& round) { round.end.nanoseconds += 1; }));
  EXPECT_NE(usual, digest_of(sample::header(),
                             [](PlanRow& plan, RoundRow&) { plan.ratio = std::nextafter(plan.ratio, 1.0); }));
}

// The digest was computed by hand, so to speak: from the recipe of docs/formats/results.md in a few lines of Python.
TEST(Recorder, DigestOfThisSampleNeverChanges) {
  EXPECT_EQ(sample::record(testing::scratch_folder() / "a.h5", 2),
            "de023858e043c1d5a276e2c29929757495828ea3f437e86962ed8a0c6572a388")
      << "the encoding is part of the file format: a change of it needs a new schema version";
}

TEST(Recorder, KeepsAnEarlierResultUnderItsDigest) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto first = sample::record(file, 1);
  const auto second = sample::record(file, 2);
  EXPECT_EQ(read_result(file).digest, second);
  EXPECT_EQ(read_result(kept(file, first)).digest, first);
}

TEST(Recorder, LosesNoneOfThreeDifferentRuns) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto first = sample::record(file, 1);
  const auto second = sample::record(file, 2);
  const auto third = sample::record(file, 3);
  EXPECT_EQ(read_result(kept(file, first)).digest, first);
  EXPECT_EQ(read_result(kept(file, second)).digest, second);
  EXPECT_EQ(read_result(file).digest, third);
  EXPECT_EQ(names_in(file.parent_path()).size(), 3U);
}

TEST(Recorder, KeepsTheSameResultOnlyOnce) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto digest = sample::record(file, 2);
  for (int again = 0; again < 3; ++again)
    EXPECT_EQ(sample::record(file, 2), digest);
  EXPECT_EQ(names_in(file.parent_path()), (std::vector<std::string>{kept(file, digest).filename(), "a.h5"}));
}

TEST(Recorder, KeepsACompleteResultThroughRunsThatAreStoppedEarly) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto complete = sample::record(file, 3);
  for (const std::int64_t rounds : {1, 2, 1, 2}) {
    Recorder recorder{file, sample::header()};
    for (std::int64_t number = 1; number <= rounds; ++number) {
      sample::add_round(recorder, number);
      recorder.commit();
    }
  }
  EXPECT_EQ(read_result(kept(file, complete)).rounds.size(), 3U);
  EXPECT_TRUE(read_result(kept(file, complete)).complete);
  EXPECT_EQ(names_in(file.parent_path()).size(), 4U) << "the complete one, each of the two others once, and a.h5";
}

TEST(Recorder, KeepsWhatIsNoReadableResultUnderANumber) {
  const auto folder = testing::scratch_folder();
  const auto file = folder / "a.h5";
  std::ofstream{file} << "notes";
  std::ofstream{folder / "a.kept-1.h5"} << "older notes";
  (void)sample::record(file, 1);
  EXPECT_EQ(text_of(folder / "a.kept-1.h5"), "older notes");
  EXPECT_EQ(text_of(folder / "a.kept-2.h5"), "notes");
}

TEST(Recorder, OverwritesNothingThatHasTheKeptName) {
  const auto folder = testing::scratch_folder();
  const auto file = folder / "a.h5";
  const auto first = sample::record(file, 1);
  std::ofstream{kept(file, first)} << "somebody's notes";
  (void)sample::record(file, 2);
  EXPECT_EQ(text_of(kept(file, first)), "somebody's notes");
  EXPECT_EQ(read_result(folder / "a.kept-1.h5").digest, first);
}

TEST(Recorder, SaysWhereItKeptAnEarlierResult) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto first = sample::record(file, 1);
  Recorder recorder{file, sample::header()};
  sample::add_round(recorder, 1);
  EXPECT_EQ(recorder.kept(), std::nullopt) << "before it has a round, the earlier result is where it was";
  recorder.commit();
  EXPECT_EQ(recorder.kept(), kept(file, first));
}

TEST(Recorder, CountsTheRoundsThatAreOnFile) {
  Recorder recorder{testing::scratch_folder() / "a.h5", sample::header()};
  sample::add_round(recorder, 1);
  EXPECT_EQ(recorder.rounds_on_file(), 0);
  recorder.commit();
  sample::add_round(recorder, 2);
  EXPECT_EQ(recorder.rounds_on_file(), 1);
  recorder.finish(sample::provenance());
  EXPECT_EQ(recorder.rounds_on_file(), 2);
}

TEST(Recorder, LeavesAnEarlierResultAloneUntilItHasOneOfItsOwn) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto first = sample::record(file, 1);
  for (int start = 0; start < 2; ++start) {
    Recorder recorder{file, sample::header()};
    recorder.add(sample::clients());
    recorder.add(sample::evaluation(0));
  }
  EXPECT_EQ(read_result(file).digest, first);
  EXPECT_EQ(names_in(file.parent_path()), std::vector<std::string>{"a.h5"});
}

TEST(Recorder, RefusesAFolder) {
  const auto folder = testing::scratch_folder();
  EXPECT_EQ(refusal(folder), folder.string() + ": is a folder (name a file to write)");
}

TEST(Recorder, RefusesAPlaceThatCannotBeWrittenTo) {
  const auto folder = testing::scratch_folder();
  std::ofstream{folder / "file"} << "not a folder";
  EXPECT_NE(refusal(folder / "file" / "a.h5").find("cannot be made"), std::string::npos)
      << refusal(folder / "file" / "a.h5");
  EXPECT_NE(refusal("/proc/a.h5").find("cannot be written"), std::string::npos) << refusal("/proc/a.h5");
}

TEST(Recorder, RefusesAFileThatAnotherRunIsWriting) {
  const auto file = testing::scratch_folder() / "a.h5";
  const Recorder recorder{file, sample::header()};
  EXPECT_EQ(refusal(file),
            file.string() + ": another run is writing it (wait for that run, or choose another output.file)");
}

TEST(Recorder, RefusesAPlaceWithoutLocks) {
  const auto file = testing::scratch_folder() / "a.h5";
  const testing::Failing failing{testing::KernelCall::flock, ENOLCK};
  EXPECT_EQ(refusal(file), file.string() +
                               ": cannot be locked: No locks available (choose another place with output.file or "
                               "--out)");
}

TEST(Recorder, SaysWhyACommitDidNotReachTheDisk) {
  const auto file = testing::scratch_folder() / "a.h5";
  Recorder recorder{file, sample::header()};
  sample::add_round(recorder, 1);
  const testing::Failing failing{testing::KernelCall::fsync, ENOSPC};
  try {
    recorder.commit();
    FAIL() << "a commit that is not on the disk was taken for one that is";
  } catch (const RunError& error) {
    EXPECT_TRUE(std::string_view{error.what()}.ends_with("did not reach the disk: No space left on device"))
        << error.what();
  }
  EXPECT_FALSE(fs::exists(file));
}

// Kills a process that records as fast as it can at many moments, most of them in the middle of a commit.
TEST(Recorder, KilledAtAnyMomentLeavesAReadableFileUpToItsLastCommit) {
  for (int attempt = 0; attempt < 7; ++attempt) {
    const auto folder = testing::scratch_folder();
    const auto file = folder / "a.h5";
    int progress[2];
    ASSERT_EQ(::pipe(progress), 0);
    const pid_t child = in_child([&] {
      Recorder recorder{file, sample::header()};
      recorder.add(sample::clients());
      for (std::int64_t number = 1;; ++number) {
        sample::add_round(recorder, number);
        recorder.commit();
        if (::write(progress[1], &number, sizeof number) != sizeof number) return;
      }
    });
    ASSERT_GT(child, 0);
    ::close(progress[1]);
    std::int64_t seen = 0;
    while (seen < 3)
      ASSERT_EQ(::read(progress[0], &seen, sizeof seen), ssize_t{sizeof seen});
    std::this_thread::sleep_for(std::chrono::microseconds{1733 * attempt});
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(progress[0], &seen, sizeof seen) == ssize_t{sizeof seen}) {
    }
    ::close(progress[0]);

    const auto result = read_result(file);
    EXPECT_FALSE(result.complete);
    const auto rounds = static_cast<std::int64_t>(result.rounds.size());
    EXPECT_GE(rounds, seen) << "a commit that returned is in the file";
    EXPECT_LE(rounds, seen + 1);
    EXPECT_EQ(result.plans.size(), 2 * result.rounds.size());
    EXPECT_EQ(result.events.size(), 3 * result.rounds.size());
    EXPECT_EQ(sample::record(file, 1).size(), 64U) << "and the next run is not hindered by what is left";
    EXPECT_EQ(names_in(folder), (std::vector<std::string>{kept(file, result.digest).filename(), "a.h5"}));
  }
}

TEST(Recorder, CanBeReadWhileItIsWriting) {
  const auto file = testing::scratch_folder() / "a.h5";
  const pid_t child = in_child([&] { (void)sample::record(file, 12); });
  ASSERT_GT(child, 0);
  std::size_t last = 0;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (!fs::exists(file)) continue;
    const auto rounds = read_result(file).rounds.size();
    EXPECT_GE(rounds, last);
    last = rounds;
  }
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_result(file).rounds.size(), 12U);
}

}  // namespace
}  // namespace edgefuse::results
