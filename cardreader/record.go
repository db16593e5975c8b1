package cardreader

import (
	"context"

	"postecpx/cardreader/trace"
)

// Record gives a Source whose connections are recorded.
func Record(source Source, recorder *trace.Recorder) Source { return recorded{source, recorder} }

type recorded struct {
	Source
	recorder *trace.Recorder
}

func (r recorded) Connect(ctx context.Context, reader string) (Connection, error) {
	connection, err := r.Source.Connect(ctx, reader)
	if err != nil {
		return nil, err
	}
	return r.recorder.Connection(reader, connection), nil
}
