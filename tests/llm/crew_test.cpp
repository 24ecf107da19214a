#include <gtest/gtest.h>

#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "llm/crew.hpp"
#include "llm/packed_adapters.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

/// Threads that exchange bytes as processes would.
class Meeting {
 public:
  explicit Meeting(int size) : messages_(static_cast<std::size_t>(size)) {}

  std::vector<std::string> gather(int rank, const std::string& mine) {
    std::unique_lock lock{mutex_};
    messages_[static_cast<std::size_t>(rank)] = mine;
    ++here_;
    all_here_.notify_all();
    all_here_.wait(lock, [&] { return here_ == messages_.size(); });
    return messages_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t here_ = 0;
  std::vector<std::string> messages_;
};

std::string triple(std::size_t i) {
  if (i == 4) throw std::runtime_error{"task 4 has no answer"};
  return std::to_string(3 * i) + std::string(1, '\0');
}

std::vector<std::vector<TaskResult>> results_of_all(int size, std::size_t count) {
  Meeting meeting{size};
  std::vector<std::vector<TaskResult>> results(static_cast<std::size_t>(size));
  std::vector<std::thread> processes;
  for (int rank = 0; rank < size; ++rank)
    processes.emplace_back([&, rank] {
      const Crew crew{.rank = rank, .size = size, .workers = 2, .gather = [&, rank](const std::string& mine) {
                        return meeting.gather(rank, mine);
                      }};
      results[static_cast<std::size_t>(rank)] = divide(crew, count, triple);
    });
  for (std::thread& process : processes)
    process.join();
  return results;
}

TEST(Crew, GivesEveryProcessTheResultsOfAll) {
  for (const int size : {1, 2, 3, 11}) {
    for (const auto& results : results_of_all(size, 7)) {
      ASSERT_EQ(results.size(), 7) << size << " processes";
      for (std::size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(results[i].failed, i == 4);
        EXPECT_EQ(results[i].bytes, i == 4 ? std::string{} : std::to_string(3 * i) + std::string(1, '\0'));
        EXPECT_EQ(results[i].error, i == 4 ? "task 4 has no answer" : "");
      }
    }
  }
}

TEST(Crew, HasNothingToDoWithoutTasks) {
  EXPECT_TRUE(divide({}, 0, triple).empty());
}

TEST(PackedAdapters, ComeBackToTheBit) {
  const Model model = testing::uneven_variant(testing::random_model(testing::rich_config(), 91));
  TrainedAdapter one{testing::random_adapter(model, {Projection::q, Projection::down}), {0.1, 1.0 / 3}, {5, 7}};
  one.adapter.spec.alpha = 0.1;
  one.adapter.modules.begin()->second.a[0][1] = std::nan("");
  const TrainedAdapter broken{testing::random_adapter(model, {Projection::v}, 1, 2),
                              {std::numeric_limits<double>::quiet_NaN()},
                              {std::numeric_limits<double>::infinity()}};
  const auto back = unpack(pack({one, broken}));
  ASSERT_EQ(back.size(), 2);
  EXPECT_EQ(back[0].losses, one.losses);
  EXPECT_EQ(back[0].adapter.spec.alpha, 0.1);
  EXPECT_EQ(back[0].adapter.spec.targets, one.adapter.spec.targets);
  for (const auto& [id, factors] : one.adapter.modules) {
    const auto same_bits = [](const at::Tensor& a, const at::Tensor& b) {
      return a.contiguous().view(at::kInt).equal(b.contiguous().view(at::kInt));
    };
    EXPECT_TRUE(same_bits(back[0].adapter.modules.at(id).a, factors.a)) << id.name();
    EXPECT_TRUE(same_bits(back[0].adapter.modules.at(id).b, factors.b)) << id.name();
  }
  EXPECT_TRUE(std::isnan(back[1].losses[0]));
  EXPECT_TRUE(std::isinf(back[1].grad_norms[0]));
}

}  // namespace
}  // namespace edgefuse::llm
