"""Plots: functions of data and axes; the only folder that imports matplotlib."""

from metagnn.plots.canvas import PlotsMissingError as PlotsMissingError
from metagnn.plots.canvas import check_picture as check_picture
from metagnn.plots.canvas import new_figure as new_figure
from metagnn.plots.canvas import save_figure as save_figure
from metagnn.plots.closure_bars import plot_closure_bars as plot_closure_bars
from metagnn.plots.error_curves import plot_error_curves as plot_error_curves
from metagnn.plots.estimates import plot_estimates as plot_estimates
from metagnn.plots.flux_map import draw_flux_map as draw_flux_map
from metagnn.plots.flux_map import plot_flux_map as plot_flux_map
from metagnn.plots.learning_curves import plot_learning_curves as plot_learning_curves
from metagnn.plots.parity import plot_parity as plot_parity
from metagnn.plots.reconciled import ReconciledRate as ReconciledRate
from metagnn.plots.reconciled import draw_reconciliation as draw_reconciliation
from metagnn.plots.reconciled import plot_reconciled as plot_reconciled
from metagnn.plots.residuals import plot_residuals as plot_residuals
from metagnn.plots.scores import plot_scores as plot_scores
from metagnn.plots.simulated import draw_simulated as draw_simulated
from metagnn.plots.simulated import plot_over_media as plot_over_media
from metagnn.plots.training_curves import plot_training_curves as plot_training_curves
