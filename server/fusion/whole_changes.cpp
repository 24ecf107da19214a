#include "server/fusion/whole_changes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "server/fusion/frobenius_norm.hpp"
#include "server/fusion/gram.hpp"

namespace edgefuse::server {

std::vector<double> norms(const ModuleSource& modules) {
  std::vector<double> squares(modules.contributions, 0.0);
  for (const auto& [id, shape] : modules.shapes) {
    for (const auto& part : modules.parts(id)) {
      const double norm = frobenius_norm(part.delta);
      squares[part.index] += norm * norm;
    }
  }
  std::ranges::transform(squares, squares.begin(), [](double square) { return std::sqrt(square); });
  return squares;
}

std::vector<std::vector<double>> squared_distances(const ModuleSource& modules) {
  const auto count = modules.contributions;
  std::vector<std::vector<double>> products(count, std::vector<double>(count, 0.0));
  for (const auto& [id, shape] : modules.shapes) {
    const auto parts = modules.parts(id);
    const Gram own{parts};
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (std::size_t j = 0; j < parts.size(); ++j)
        products[parts[i].index][parts[j].index] += own(i, j);
  }
  auto distances = products;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < count; ++j)
      distances[i][j] = std::max(products[i][i] + products[j][j] - 2 * products[i][j], 0.0);
  return distances;
}

}  // namespace edgefuse::server
