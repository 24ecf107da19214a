#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace edgefuse::sim {

/// Every consumer of randomness owns a domain, so no two of them can ever draw the same numbers. The values are part
/// of the file format: never change or reuse one.
enum class Domain : std::uint32_t {
  fleet = 0x100,
  availability = 0x110,
  rate_trace = 0x120,
  mishaps = 0x130,
  charge = 0x140,
  selection = 0x200,
  partition = 0x300,
  batch_order = 0x400,
  adapter_init = 0x500,
  dropout_seed = 0x510,
  dropout = 0x520,
  atlas_world = 0x600,
  atlas_text = 0x610,
  composition = 0x700,
  bootstrap = 0x800,
  pretraining_init = 0x900,
  pretraining_batches = 0x910,
  pruning_scores = 0x920,
  public_text = 0x930,
  split = 0xa00,
  evaluation_questions = 0xa10,
  recovery_noise = 0xb00,
  retraining_batches = 0xb10,
  fusion_module = 0xc00,
  fusion_mask = 0xc10,
  fusion_search = 0xc20,
  conflict_order = 0xc30,
  compression = 0xc40,
  test = 0xff00,
};

/// Names one stream of random numbers. Streams are pure functions of their name: nothing is stored between uses.
struct Stream {
  std::uint64_t seed = 0;
  Domain domain = Domain::test;
  std::uint32_t round = 0;
  std::uint32_t client = 0;
};

/// A cursor over a stream: draw number n is Philox4x32-10 (Salmon et al., SC'11) at counter
/// (n / 4, client, round, domain) under key `seed`, word n % 4. Copying a cursor copies its position.
/// Distributions are our own, because those of <random> differ between standard libraries.
class Draws {
 public:
  explicit Draws(Stream stream) : stream_{stream} {}

  std::uint32_t bits();
  /// Uniform on the open interval (0, 1), so its logarithm is finite; 53 random bits.
  double uniform();
  /// Uniform on {0, ..., bound - 1} without bias (Lemire 2019); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box–Muller; both values are used).
  double normal();
  /// Gamma(shape, 1) (Marsaglia and Tsang 2000); shape > 0.
  double gamma(double shape);

  /// Fisher–Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[below(i)]);
  }
  /// `count` distinct numbers of {0, ..., population - 1}, in random order (Floyd's method, then shuffled).
  std::vector<std::uint32_t> sample(std::uint32_t population, std::uint32_t count);

 private:
  Stream stream_;
  std::uint64_t next_ = 0;
  std::array<std::uint32_t, 4> block_{};
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

}  // namespace edgefuse::sim
