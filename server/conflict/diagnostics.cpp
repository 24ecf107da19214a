#include "server/conflict/diagnostics.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "llm/threads.hpp"
#include "server/conflict/sign_bits.hpp"
#include "server/fusion/dense_parts.hpp"
#include "server/fusion/gram.hpp"

namespace edgefuse::server {
namespace {

constexpr double top_share = 0.2;

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

/// What is counted over all changes of a module, entry by entry.
class Tally {
 public:
  explicit Tally(std::size_t entries) : sum_(entries, 0.0), up_(entries, 0), down_(entries, 0) {}

  void add(std::span<const float> change) {
    for (std::size_t e = 0; e < change.size(); ++e) {
      const double x = change[e];
      sum_[e] += x;
      mass_ += std::abs(x);
      up_[e] += x > 0;
      down_[e] += x < 0;
    }
  }

  void write_to(ModuleDiagnostics& module) const {
    std::int64_t unlike = 0;
    double by_chance = 0;
    double left = 0;
    for (std::size_t e = 0; e < sum_.size(); ++e) {
      left += std::abs(sum_[e]);
      const auto changes = up_[e] + down_[e];
      if (changes < 2) continue;
      ++module.contested;
      unlike += up_[e] > 0 && down_[e] > 0;
      by_chance += 1 - std::exp2(1 - static_cast<double>(changes));
    }
    const auto contested = static_cast<double>(module.contested);
    module.disagreement = ratio(static_cast<double>(unlike), contested);
    module.excess = module.disagreement - ratio(by_chance, contested);
    if (mass_ > 0) module.cancelled_mass = std::max(0.0, 1 - left / mass_);
  }

 private:
  std::vector<double> sum_;
  double mass_ = 0;
  std::vector<std::uint32_t> up_;
  std::vector<std::uint32_t> down_;
};

PairDiagnostics signs_of(const SignBits& x, const SignBits& y) {
  const auto found = overlap(x, y);
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return ratio(static_cast<double>(part), static_cast<double>(whole));
  };
  PairDiagnostics pair{.shared = found.both,
                       .sign_disagreement = share(found.unlike, found.both),
                       .overlap = share(found.both, found.either),
                       .top_overlap = share(found.both_top, found.either_top)};
  if (found.both > 0) pair.excess = pair.sign_disagreement - 0.5;
  return pair;
}

std::vector<std::optional<Subspaces>> all_subspaces(const ModuleParts& parts) {
  std::vector<std::optional<Subspaces>> all;
  for (const auto& part : parts) {
    const auto* low = std::get_if<llm::LowRank>(&part.delta);
    all.push_back(low == nullptr ? std::nullopt : std::optional{subspaces_of(*low)});
  }
  return all;
}

std::vector<PairDiagnostics> pairs_of(const ModuleParts& parts, const std::vector<SignBits>& signs,
                                      std::int64_t entries) {
  const Gram gram{parts};
  const auto spaces = all_subspaces(parts);
  std::vector<PairDiagnostics> pairs;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::size_t j = i + 1; j < parts.size(); ++j) {
      auto pair = signs_of(signs[i], signs[j]);
      pair.first = parts[i].index;
      pair.second = parts[j].index;
      pair.entries = entries;
      pair.cosine = gram.cosine(i, j);
      const auto [smaller, larger] = std::minmax({gram.norm(i), gram.norm(j)});
      pair.norm_ratio = ratio(smaller, larger);
      if (spaces[i] && spaces[j]) {
        pair.rows = principal_cosines(spaces[i]->rows, spaces[j]->rows);
        pair.columns = principal_cosines(spaces[i]->columns.t(), spaces[j]->columns.t());
      }
      pairs.push_back(pair);
    }
  }
  return pairs;
}

}  // namespace

ModuleDiagnostics diagnose(llm::ModuleId module, const ModuleParts& parts) {
  ModuleDiagnostics found{.module = module, .changes = parts.size(), .pairs = {}};
  if (parts.empty()) return found;
  llm::use_one_thread_per_gang();  // a product's last bits may depend on how many threads share it
  const auto shape = shape_of(parts.front().delta);
  found.entries = shape.out * shape.in;

  Tally tally{static_cast<std::size_t>(found.entries)};
  std::vector<SignBits> signs;
  for (const auto& part : parts) {
    const at::Tensor change = llm::dense(part.delta).to(at::kFloat).contiguous();
    tally.add(numbers(change));
    signs.push_back(sign_bits(numbers(change), top_share));
  }
  tally.write_to(found);
  found.pairs = pairs_of(parts, signs, found.entries);
  for (const auto& pair : found.pairs)
    found.mean_cosine += pair.cosine / static_cast<double>(found.pairs.size());
  return found;
}

std::vector<ModuleDiagnostics> diagnose(const ModuleSource& source) {
  std::vector<ModuleDiagnostics> all;
  for (const auto& [id, shape] : source.shapes)
    all.push_back(diagnose(id, source.parts(id)));
  return all;
}

const PairDiagnostics* worst_pair(const std::vector<PairDiagnostics>& pairs) {
  const auto worst = std::ranges::min_element(pairs, {}, &PairDiagnostics::cosine);
  return worst == pairs.end() ? nullptr : &*worst;
}

}  // namespace edgefuse::server
