// Command controllers runs the two parts of kube-controller-manager without which deletions never end: the garbage
// collector, which ends those in the foreground, and the namespace controller. The whole of it would take the kubelet
// and all volume drivers along, and minutes to compile.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
)

const (
	workers     = 20
	initialSync = 30 * time.Second
	resources   = 30 * time.Second
	mayAsk      = 1000
)

func main() {
	if len(os.Args) != 2 {
		os.Stderr.WriteString("usage: controllers KUBECONFIG\n")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		klog.ErrorS(err, "the controllers do not start")
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = mayAsk
	config.Burst = mayAsk
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	shared := informers.NewSharedInformerFactory(client, 0)
	both := informerfactory.NewInformerFactory(shared, metadatainformer.NewSharedInformerFactory(objects, 0))
	started := make(chan struct{})

	collector, err := garbagecollector.NewGarbageCollector(
		ctx, client, objects, mapper, garbagecollector.DefaultIgnoredResources(), both, started,
	)
	if err != nil {
		return err
	}
	namespaces := namespace.NewNamespaceController(
		ctx, client, objects, client.Discovery().ServerPreferredNamespacedResources,
		shared.Core().V1().Namespaces(), 0, v1.FinalizerKubernetes,
	)
	both.Start(ctx.Done())
	close(started)

	go collector.Run(ctx, workers, initialSync)
	go collector.Sync(ctx, client.Discovery(), resources)
	go namespaces.Run(ctx, workers)
	<-ctx.Done()
	return nil
}
